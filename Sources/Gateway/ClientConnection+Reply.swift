import Caching
import HTTPMessages
import Upstream
import Vocabulary

/// The replies to a request, each with its line in the access log.
extension ClientConnection {
    /// A stored result, byte for byte as the vendor sent it.
    func replyHit(_ result: CachedResult, _ freshness: Freshness, _ facts: RequestFacts) {
        let showsZero = worker.settings.cache.hitsReportZeroCredits
        let body = showsZero ? result.bodyCreditsZero : result.body
        let ttl = freshness.ttlSeconds
        let status: CacheStatus = freshness.isFresh ? .hit(ttlSeconds: ttl) : .hitStale(ttlSeconds: ttl)
        let keepsAlive = mayGoOn(facts)
        worker.replyWriter.begin(
            status: Int(result.status),
            contentType: nil,
            contentLength: body.count,
            now: worker.loop.wallClock
        )
        worker.replyWriter.classifyFields(status, charged: .zero, saved: result.credits)
        worker.replyWriter.age(freshness.ageSeconds)
        worker.replyWriter.end(requestID: facts.requestID, keepsAlive: keepsAlive, isHTTP10: facts.isHTTP10)
        send(body, facts)
        log(facts, Int(result.status), saved: result.credits, bytes: body.count)
        finishRequest(keepsAlive: keepsAlive)
    }

    /// The vendor's reply, to the one whose request was forwarded or to one who waited with it.
    func reply(_ forwarded: ForwardedReply, _ pending: PendingExchange) {
        let facts = pending.facts
        let isCollapsed = pending.role == .follower
        let credits = forwarded.credits ?? .zero
        let charged = isCollapsed ? .zero : credits
        let saved = isCollapsed ? credits : .zero
        let keepsAlive = mayGoOn(facts)
        worker.replyWriter.begin(
            status: forwarded.status,
            contentType: forwarded.contentType,
            contentLength: forwarded.body.count,
            now: worker.loop.wallClock
        )
        let status = CacheStatus.forward(
            fwd: pending.reason,
            status: forwarded.status,
            stored: forwarded.result != nil,
            collapsed: isCollapsed
        )
        if let retryAfter = forwarded.retryAfter { worker.replyWriter.retryAfter(retryAfter) }
        worker.replyWriter.classifyFields(status, charged: charged, saved: saved)
        worker.replyWriter.end(requestID: facts.requestID, keepsAlive: keepsAlive, isHTTP10: facts.isHTTP10)
        send(forwarded.body, facts)
        log(
            facts,
            forwarded.status,
            charged: charged,
            saved: saved,
            bytes: forwarded.body.count,
            upstream: forwarded.duration
        )
        finishRequest(keepsAlive: keepsAlive)
    }

    /// An error that the gateway makes.
    func reply(_ error: ErrorReply, _ facts: RequestFacts, closes: Bool) {
        let body = error.body
        let keepsAlive = !closes && mayGoOn(facts)
        worker.replyWriter.begin(
            status: error.status,
            contentType: nil,
            contentLength: body.count,
            now: worker.loop.wallClock
        )
        if let allow = error.allow { worker.replyWriter.allow(allow) }
        if let seconds = error.retryAfterSeconds { worker.replyWriter.retryAfter(seconds) }
        if facts.route == .classify {
            worker.replyWriter.classifyFields(.detail(error.code), charged: .zero, saved: .zero)
        }
        worker.replyWriter.end(requestID: facts.requestID, keepsAlive: keepsAlive, isHTTP10: facts.isHTTP10)
        send(body, facts)
        log(facts, error.status, bytes: body.count, error: error.code)
        finishRequest(keepsAlive: keepsAlive)
    }

    /// A health check's answer.
    func replyPlain(_ state: StaticString, _ facts: RequestFacts) {
        let body = Array("{\"status\": \"\(state)\"}\n".utf8)
        let keepsAlive = mayGoOn(facts)
        worker.replyWriter.begin(
            status: 200,
            contentType: nil,
            contentLength: body.count,
            now: worker.loop.wallClock
        )
        worker.replyWriter.end(requestID: facts.requestID, keepsAlive: keepsAlive, isHTTP10: facts.isHTTP10)
        send(body, facts)
        log(facts, 200, bytes: body.count)
        finishRequest(keepsAlive: keepsAlive)
    }

    /// Head and body in one write; no body in answer to HEAD (RFC 9110 §9.3.2).
    private func send(_ body: [UInt8], _ facts: RequestFacts) {
        let head = worker.replyWriter.head.bytes
        stream.send(head.span, facts.method == .head ? [] : body)
    }

    // MARK: The access log

    private func log(
        _ facts: RequestFacts,
        _ status: Int,
        charged: MicroCredits = .zero,
        saved: MicroCredits = .zero,
        bytes: Int,
        error: String? = nil,
        upstream: Duration? = nil
    ) {
        guard worker.settings.logsAccess, let log = worker.rooms.accessLog else { return }
        let head = worker.replyWriter.head.bytes
        worker.accessLine.write(
            facts,
            AccessLine.Ending(
                status: status,
                charged: charged,
                saved: saved,
                bytesOut: head.count + (facts.method == .head ? 0 : bytes),
                error: error,
                upstream: upstream,
                peer: stream.peer
            ),
            cacheStatus: head.span.extracting(worker.replyWriter.cacheStatusRange),
            now: worker.loop.now,
            wallClock: worker.loop.wallClock,
            to: log
        )
    }

    /// The client left before its reply: 499, the status by which nginx logs that, and nothing was sent.
    func logAbandoned(_ pending: PendingExchange) {
        worker.replyWriter.clear()
        log(pending.facts, 499, bytes: 0, error: "client_closed_request")
    }
}
