import Caching
import HTTPMessages
import Serving
import Vocabulary

/// The replies to a request, each with its access log line. Each ends the exchange.
extension Exchange {
    /// Replies with a stored result, byte for byte as the vendor sent it.
    ///
    /// - Parameter charged: the cost of the vendor failure that a stale result replaces.
    @discardableResult
    func replyHit(_ result: CachedResult, _ freshness: Freshness, charged: MicroCredits = .zero) -> Step {
        guard let caller = facts.caller else { preconditionFailure("a hit before authentication") }
        let body = worker.settings.cache.hitsReportZeroCredits ? result.bodyCreditsZero : result.body
        let ttl = freshness.ttlSeconds
        let loop = worker.loop
        let now = loop.wallClock
        worker.countHit(result, by: caller)
        var isLogged = true
        let isUsual = freshness.isFresh && result.status == 200
        if isUsual { isLogged = worker.logsNextHit() }
        if isUsual, facts.route == .classify {
            caller.usualHits.add(saved: result.credits)
        } else {
            let source = freshness.isFresh ? RequestKind.Source.hit : .stale
            worker.metrics.count(self, status: Int(result.status), source, saved: result.credits)
        }
        let cache = ReplyWriter.CacheFields(
            status: freshness.isFresh ? .hit(ttlSeconds: ttl) : .hitStale(ttlSeconds: ttl),
            charged: charged,
            saved: result.credits,
            remaining: caller.meter.remaining(at: now),
            age: freshness.ageSeconds
        )
        worker.trail.add(result, self, by: caller, freshness, charged: charged, at: now, loop.now)
        let ending = AccessLine.Ending(status: Int(result.status), charged: charged, saved: result.credits)
        return send(Int(result.status), nil, body, cache, ending, isLogged: isLogged)
    }

    /// Replies with the vendor's reply, to the leader or to a follower.
    func reply(
        _ forwarded: ForwardedReply,
        _ question: PendingExchange,
        charged: MicroCredits,
        saved: MicroCredits
    ) -> Step {
        let isCollapsed = question.role == .follower
        let cache = ReplyWriter.CacheFields(
            status: .forward(
                fwd: question.reason,
                status: forwarded.status,
                stored: forwarded.result != nil,
                collapsed: isCollapsed
            ),
            charged: charged,
            saved: saved,
            remaining: remaining
        )
        count(question, wasForwarded: true, saved: saved)
        let ending = AccessLine.Ending(
            status: forwarded.status,
            charged: charged,
            saved: saved,
            upstream: forwarded.duration,
            queue: forwarded.queued
        )
        note(ending, cache.status, isCollapsed ? .collapsed : .miss)
        return send(
            forwarded.status,
            forwarded.contentType,
            forwarded.body,
            cache,
            ending,
            contentEncoding: forwarded.contentEncoding,
            retryAfter: forwarded.retryAfter
        )
    }

    /// Replies with an error that the gateway makes.
    ///
    /// - Parameters:
    ///   - charged: what the vendor charged for the reply that the error replaces.
    ///   - source: what was to answer the request.
    @discardableResult
    func reply(
        _ error: ErrorReply,
        charged: MicroCredits = .zero,
        _ source: RequestKind.Source = .none
    ) -> Step {
        if let caller = facts.caller { worker.noteUse(by: caller) }
        let status = CacheStatus.detail(error.code.rawValue)
        var ending = AccessLine.Ending(status: error.status, charged: charged, error: error.code.rawValue)
        ending.spendingRoute = passage?.spendingRoute
        worker.metrics.errors.add(error.code)
        note(ending, facts.isQuestion ? status : nil, source)
        return send(
            error.status,
            nil,
            error.body,
            facts.isQuestion
                ? ReplyWriter.CacheFields(status: status, charged: charged, remaining: remaining)
                : nil,
            ending,
            retryAfter: error.retryAfterSeconds.map { Array(String($0).utf8) },
            allow: error.allow
        )
    }

    /// Replies with an error to a request that could not be answered; it is counted if it had begun to wait.
    ///
    /// - Parameters:
    ///   - wasForwarded: whether the vendor may have seen the request.
    ///   - charged: what the vendor charged nevertheless.
    @discardableResult
    func fail(_ error: ErrorReply, wasForwarded: Bool = false, charged: MicroCredits = .zero) -> Step {
        if let pending { count(pending, wasForwarded: wasForwarded) }
        return reply(error, charged: charged, source)
    }

    /// Like `fail`, but ends the connection.
    func closing(_ error: ErrorReply) -> Step {
        client?.connection.endAfterReply()
        return fail(error)
    }

    /// Refuses a request that its team may not make.
    func deny(_ error: ErrorReply) -> Step {
        if let caller = facts.caller { worker.count(.denied, by: caller, model: nil) }
        return reply(error)
    }

    /// What answers a request that waits, or was to answer it.
    private var source: RequestKind.Source {
        switch pending?.role {
        case .leader, .onlyIfCached: .miss
        case .follower: .collapsed
        case nil: .none
        }
    }

    private func count(_ question: PendingExchange, wasForwarded: Bool, saved: MicroCredits = .zero) {
        guard let caller = facts.caller else { return }
        let kind = question.role == .follower ? UsageTally.Kind.collapsed : .miss
        let request = wasForwarded ? question.request : nil
        worker.count(kind, by: caller, model: request?.model, document: request?.documentID, saved: saved)
    }

    /// The least that is left in the budgets that apply to the request.
    private var remaining: MicroCredits? { facts.caller?.meter.remaining(at: worker.loop.wallClock) }

    /// Answers a health or readiness check.
    @discardableResult
    func replyPlain(_ state: StaticString) -> Step {
        let ending = AccessLine.Ending(status: 200)
        note(ending, nil, .none)
        return send(200, nil, Array("{\"status\": \"\(state)\"}\n".utf8), nil, ending)
    }

    /// Answers a team with what it has used.
    func replyUsage(_ report: [UInt8]) {
        let ending = AccessLine.Ending(status: 200)
        note(ending, nil, .none)
        _ = send(200, nil, report, nil, ending, isPrivate: true)
    }

    /// Counts a request that is no hit, and lists it among the last ones.
    private func note(
        _ ending: AccessLine.Ending,
        _ cacheStatus: CacheStatus?,
        _ source: RequestKind.Source
    ) {
        worker.metrics.count(
            self,
            status: ending.status,
            source,
            spendingRoute: ending.spendingRoute,
            saved: ending.saved
        )
        guard facts.route?.isListed ?? true else { return }
        let details = RequestTrail.Details(
            requestID: facts.requestID,
            cacheStatus: cacheStatus,
            documentID: pending?.request.documentID ?? passage?.documentID,
            path: facts.unroutedPath,
            upstream: ending.upstream,
            error: ending.error
        )
        worker.trail.add(
            details,
            RequestTrail.Origin(
                route: facts.route,
                method: facts.method,
                caller: facts.caller?.number ?? RequestTrail.noCaller,
                startedAt: facts.startedAt
            ),
            model: pending?.request.model,
            status: ending.status,
            charged: ending.charged,
            saved: ending.saved,
            at: worker.loop.wallClock,
            worker.loop.now
        )
    }

    /// Sends head and body in one write, writes the log line, and finishes the reply.
    ///
    /// - Parameters:
    ///   - isPrivate: whether no cache may store the reply, where `cache` does not say so.
    ///   - isLogged: whether there is to be a line.
    private func send(
        _ status: Int,
        _ contentType: [UInt8]?,
        _ body: [UInt8],
        _ cache: ReplyWriter.CacheFields?,
        _ ending: AccessLine.Ending,
        contentEncoding: [UInt8]? = nil,
        retryAfter: [UInt8]? = nil,
        allow: StaticString? = nil,
        isPrivate: Bool = false,
        isLogged: Bool = true
    ) -> Step {
        guard let client = end() else { preconditionFailure("a second reply to one request") }
        let wallClock = worker.loop.wallClock
        let connection = client.connection
        let keepsAlive = connection.mayGoOn
        worker.replyWriter.write(
            ReplyWriter.Outline(
                status: status,
                contentType: contentType,
                contentLength: body.count,
                requestID: facts.requestID,
                keepsAlive: keepsAlive,
                isHTTP10: connection.isHTTP10
            ),
            cache,
            contentEncoding: contentEncoding,
            retryAfter: retryAfter,
            allow: allow,
            isPrivate: isPrivate,
            trace: facts.trace,
            now: wallClock
        )
        let bytesOut = worker.replyWriter.withBytes { connection.send($0, body) }
        if isLogged { log(ending, of: client, bytesOut: bytesOut, wallClock) }
        dropQuestion()
        connection.finishReply(keepsAlive: keepsAlive)
        return .answered
    }

    // MARK: The access log

    private func log(_ ending: AccessLine.Ending, of client: ClientConnection, bytesOut: Int, _ wallClock: Timestamp) {
        guard worker.settings.logsAccess, let log = worker.rooms.accessLog else { return }
        worker.replyWriter.withBytes { head in
            worker.accessLine.write(
                self,
                ending,
                client: client,
                cacheStatus: head.extracting(worker.replyWriter.cacheStatusRange),
                bytesOut: bytesOut,
                now: worker.loop.now,
                wallClock: wallClock,
                to: log
            )
        }
    }

    /// Ends an exchange whose reply was passed through. Nothing may refer to it any more but its client and the caller.
    func finishPassage(_ ending: AccessLine.Ending, bytesOut: Int, keepsAlive: Bool) {
        note(ending, nil, .none)
        guard let client = end() else { preconditionFailure("a second reply to one request") }
        worker.replyWriter.clear()
        log(ending, of: client, bytesOut: bytesOut, worker.loop.wallClock)
        client.connection.finishReply(keepsAlive: keepsAlive)
        worker.giveBack(self)
    }

    /// Ends an exchange whose client left while its request was passed through.
    func leavePassage(_ ending: AccessLine.Ending, bytesOut: Int) {
        guard isUnderWay else { return }
        note(ending, nil, .none)
        guard let client = end() else { return }
        worker.replyWriter.clear()
        log(ending, of: client, bytesOut: bytesOut, worker.loop.wallClock)
    }

    /// Ends an exchange whose client left before its reply. Nothing is sent; the log says 499, as nginx's does.
    func abandon() {
        if let passage { return passage.clientLeft() }
        guard isUnderWay else { return }
        let ending = AccessLine.Ending(status: 499, error: "client_closed_request")
        if pending != nil { note(ending, nil, source) }
        guard let client = end(), let pending else { return }
        worker.replyWriter.clear()
        // It is unknown whether it will be forwarded; its cost is booked under its model in any case.
        count(pending, wasForwarded: false)
        log(ending, of: client, bytesOut: 0, worker.loop.wallClock)
    }
}
