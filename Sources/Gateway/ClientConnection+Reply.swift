import Caching
import HTTPMessages
import Vocabulary

/// The replies to a request, each with its line in the access log.
extension ClientConnection {
    /// A stored result, byte for byte as the vendor sent it.
    ///
    /// - Parameter charged: what a failure of the vendor cost that a stale result stands in for.
    func replyHit(
        _ result: CachedResult,
        _ freshness: Freshness,
        _ facts: RequestFacts,
        charged: MicroCredits = .zero
    ) {
        guard let caller = facts.caller else { preconditionFailure("a hit before authentication") }
        let body = worker.settings.cache.hitsReportZeroCredits ? result.bodyCreditsZero : result.body
        let ttl = freshness.ttlSeconds
        worker.countHit(result, by: caller)
        let cache = ReplyWriter.CacheFields(
            status: freshness.isFresh ? .hit(ttlSeconds: ttl) : .hitStale(ttlSeconds: ttl),
            charged: charged,
            saved: result.credits,
            remaining: caller.meter.remaining(at: worker.loop.wallClock),
            age: freshness.ageSeconds
        )
        send(
            outline(Int(result.status), nil, body, facts, keepsAlive: mayGoOn(facts)),
            cache,
            body,
            facts,
            AccessLine.Ending(status: Int(result.status), charged: charged, saved: result.credits)
        )
    }

    /// The vendor's reply, to the one whose request was forwarded or to one who waited with it.
    func reply(_ forwarded: ForwardedReply, _ pending: PendingExchange) {
        let isCollapsed = pending.role == .follower
        let credits = forwarded.credits ?? .zero
        let cache = ReplyWriter.CacheFields(
            status: .forward(
                fwd: pending.reason,
                status: forwarded.status,
                stored: forwarded.result != nil,
                collapsed: isCollapsed
            ),
            charged: isCollapsed ? .zero : credits,
            saved: isCollapsed ? credits : .zero,
            remaining: remaining(pending.facts)
        )
        let facts = pending.facts
        count(pending, wasForwarded: true, saved: cache.saved)
        send(
            outline(forwarded.status, forwarded.contentType, forwarded.body, facts, keepsAlive: mayGoOn(facts)),
            cache,
            forwarded.body,
            facts,
            AccessLine.Ending(
                status: forwarded.status,
                charged: cache.charged,
                saved: cache.saved,
                upstream: forwarded.duration
            ),
            contentEncoding: forwarded.contentEncoding,
            retryAfter: forwarded.retryAfter
        )
    }

    /// An error that the gateway makes.
    ///
    /// - Parameter charged: what the vendor charged for the reply in whose place it stands.
    func reply(_ error: ErrorReply, _ facts: RequestFacts, closes: Bool, charged: MicroCredits = .zero) {
        let body = error.body
        if let caller = facts.caller { worker.noteUse(by: caller) }
        send(
            outline(error.status, nil, body, facts, keepsAlive: !closes && mayGoOn(facts)),
            facts.route == .classify
                ? ReplyWriter.CacheFields(
                    status: .detail(error.code.rawValue),
                    charged: charged,
                    remaining: remaining(facts)
                )
                : nil,
            body,
            facts,
            AccessLine.Ending(status: error.status, charged: charged, error: error.code.rawValue),
            retryAfter: error.retryAfterSeconds.map { Array(String($0).utf8) },
            allow: error.allow
        )
    }

    /// A request that got as far as to wait for an answer and gets none.
    ///
    /// - Parameters:
    ///   - wasForwarded: whether the vendor may have seen it.
    ///   - charged: what the vendor charged all the same.
    func fail(
        _ error: ErrorReply,
        _ pending: PendingExchange,
        closes: Bool = false,
        wasForwarded: Bool = false,
        charged: MicroCredits = .zero
    ) {
        count(pending, wasForwarded: wasForwarded)
        reply(error, pending.facts, closes: closes, charged: charged)
    }

    /// A request that its team may not make.
    func deny(_ error: ErrorReply, _ facts: RequestFacts) {
        if let caller = facts.caller { worker.count(.denied, by: caller, model: nil) }
        reply(error, facts, closes: false)
    }

    private func count(_ pending: PendingExchange, wasForwarded: Bool, saved: MicroCredits = .zero) {
        guard let caller = pending.facts.caller else { return }
        let kind = pending.role == .follower ? UsageTally.Kind.collapsed : .miss
        worker.count(kind, by: caller, model: wasForwarded ? pending.request.model : nil, saved: saved)
    }

    /// What is left in the budgets that concern a request.
    private func remaining(_ facts: RequestFacts) -> MicroCredits? {
        facts.caller?.meter.remaining(at: worker.loop.wallClock)
    }

    /// A health check's answer.
    func replyPlain(_ state: StaticString, _ facts: RequestFacts) {
        let body = Array("{\"status\": \"\(state)\"}\n".utf8)
        send(
            outline(200, nil, body, facts, keepsAlive: mayGoOn(facts)),
            nil,
            body,
            facts,
            AccessLine.Ending(status: 200)
        )
    }

    private func outline(
        _ status: Int,
        _ contentType: [UInt8]?,
        _ body: [UInt8],
        _ facts: RequestFacts,
        keepsAlive: Bool
    ) -> ReplyWriter.Outline {
        ReplyWriter.Outline(
            status: status,
            contentType: contentType,
            contentLength: body.count,
            requestID: facts.requestID,
            keepsAlive: keepsAlive,
            isHTTP10: facts.isHTTP10
        )
    }

    /// Head and body in one write (no body in answer to HEAD, RFC 9110 §9.3.2), the log's line, and on to what follows.
    private func send(
        _ outline: ReplyWriter.Outline,
        _ cache: ReplyWriter.CacheFields?,
        _ body: [UInt8],
        _ facts: RequestFacts,
        _ ending: AccessLine.Ending,
        contentEncoding: [UInt8]? = nil,
        retryAfter: [UInt8]? = nil,
        allow: StaticString? = nil
    ) {
        worker.replyWriter.write(
            outline,
            cache,
            contentEncoding: contentEncoding,
            retryAfter: retryAfter,
            allow: allow,
            now: worker.loop.wallClock
        )
        let content = facts.method == .head ? [] : body
        worker.replyWriter.withBytes { stream.send($0, content) }
        log(facts, ending, bytesOut: worker.replyWriter.count + content.count)
        finishRequest(keepsAlive: outline.keepsAlive)
    }

    // MARK: The access log

    private func log(_ facts: RequestFacts, _ ending: AccessLine.Ending, bytesOut: Int) {
        guard worker.settings.logsAccess, let log = worker.rooms.accessLog else { return }
        worker.replyWriter.withBytes { head in
            worker.accessLine.write(
                facts,
                ending,
                client: clientMember,
                cacheStatus: head.extracting(worker.replyWriter.cacheStatusRange),
                bytesOut: bytesOut,
                now: worker.loop.now,
                wallClock: worker.loop.wallClock,
                to: log
            )
        }
    }

    /// The client left before its reply: 499, the status by which nginx logs that, and nothing was sent.
    func logAbandoned(_ pending: PendingExchange) {
        worker.replyWriter.clear()
        // Whether it will be forwarded is not known yet: what it costs is booked under its model in any case.
        count(pending, wasForwarded: false)
        log(pending.facts, AccessLine.Ending(status: 499, error: "client_closed_request"), bytesOut: 0)
    }
}
