import Authentication
import Caching
import HTTPMessages
import Observability
import Serving

/// The checks of a request whose head is complete, before its body is read.
extension Worker {
    /// The maximum length of a path in the log, in bytes.
    private static let loggedPathMax = 200

    /// Fills `facts` until a check fails; throws the reply then.
    ///
    /// - Parameter content: the announced content, checked without regard to the route.
    func admit(
        _ head: borrowing RequestHead,
        _ content: AnnouncedContent,
        _ bytes: Span<UInt8>,
        into facts: inout RequestFacts
    ) throws(ErrorReply) {
        facts.method = head.method
        let route: Route
        do throws(ErrorReply) { route = try findRoute(head, bytes) } catch {
            noteUnroutedPath(head, bytes, in: &facts)
            hideRequestID(&facts)
            throw error
        }
        facts.route = route
        if route.path == nil { noteUnroutedPath(head, bytes, in: &facts) }
        guard route.needsKey else { return try checkDropped(content) }
        let caller = try authenticate(head, bytes, into: &facts)
        if head.has(.traceParent) { facts.trace = RequestTrace(head, bytes) }
        guard route.takesContent else {
            guard head.query == nil else { throw .queryNotAllowedOnUsage }
            return try checkDropped(content)
        }
        try takeToken(of: caller)
        guard route.isQuestion else { return }
        if route == .classifier { facts.classifier = ClassifierPath.asked(bytes.extracting(head.path.indices)) }
        guard head.query == nil else { throw .queryNotAllowed }
        try checkCoding(head, bytes)
        guard head.has(.cacheControl) else { return }
        for field in head.fields where field.known == .cacheControl {
            facts.directives.add(fieldValue: bytes.extracting(field.value.indices))
        }
    }

    private func findRoute(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(ErrorReply) -> Route {
        try Route.find(head, in: bytes, settings.passthrough, cachesClassifiers: settings.cache.keepsClassifiers)
    }

    private func authenticate(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into facts: inout RequestFacts
    ) throws(ErrorReply) -> Caller {
        // A missing key is looked up like any other, so that it takes the same path.
        let range = head.first(.apiKey)?.indices ?? 0..<0
        let caller = callers.find(bytes.extracting(range), at: loop.wallClock, with: hasher)
        guard let caller else {
            hideRequestID(&facts)
            throw .invalidKey
        }
        facts.caller = caller
        return caller
    }

    /// Only requests that may spend count in the team's rate.
    private func takeToken(of caller: Caller) throws(ErrorReply) {
        guard let wait = caller.throttle.takeToken(at: loop.now) else { return }
        count(.denied, by: caller, model: nil)
        throw .rateLimited(caller.team, wait: wait)
    }

    private func checkCoding(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(ErrorReply) {
        guard head.has(.contentEncoding) else { return }
        for field in head.fields where field.known == .contentEncoding {
            guard TokenList.equals(bytes.extracting(field.value.indices), "identity") else { throw .contentCoded }
        }
    }

    /// Content on a route that takes none is dropped if it is small; chunks are counted as they arrive.
    private func checkDropped(_ content: AnnouncedContent) throws(ErrorReply) {
        switch content {
        case .none, .chunked: break
        case .bytes(let count): guard count <= Route.droppedContentBytesMax else { throw .contentNotTaken }
        }
    }

    // MARK: Requests that are not admitted

    /// Fills `facts` for a request that was refused for its head or its length, before it was routed, so that its reply
    /// and its log line have what the path determines.
    func describe(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, in facts: inout RequestFacts) {
        facts.method = head.method
        facts.requestID = requestID(head, bytes)
        hideRequestID(&facts)
        do throws(ErrorReply) { facts.route = try findRoute(head, bytes) } catch {
            return noteUnroutedPath(head, bytes, in: &facts)
        }
        if facts.route?.path == nil { noteUnroutedPath(head, bytes, in: &facts) }
    }

    /// What a request announces whose content is longer than a classify request may have.
    ///
    /// - Parameter fault: thrown unless it is passed through.
    func announcedToVendor(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        otherwise fault: RequestFault
    ) throws(RequestFault) -> AnnouncedContent {
        guard (try? findRoute(head, bytes)) == .passthrough else { throw fault }
        return try AnnouncedContent(head.framing, limit: settings.passthrough.bodyBytesMax)
    }

    private func noteUnroutedPath(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        in facts: inout RequestFacts
    ) {
        let sent = bytes.extracting(head.path.indices)
        if SecretMask.leaves(sent) || plainPaths.has(sent) {
            let logged = sent.extracting(0..<min(sent.count, Worker.loggedPathMax))
            facts.unroutedPath = logged.withUnsafeBufferPointer { Array($0) }
        } else {
            let path = SecretMask { [unowned self] in isSecret($0) }.masked(sent)
            if path.span.hasBytes(of: sent) { plainPaths.add(sent) }
            facts.unroutedPath = path.count > Worker.loggedPathMax ? Array(path.prefix(Worker.loggedPathMax)) : path
        }
    }

    /// Replaces a request ID that is a secret: a refused client may have put its key into the wrong field. Requests
    /// that are not refused are not checked, since that would cost every hit.
    private func hideRequestID(_ facts: inout RequestFacts) {
        guard case .chosen(let chosen) = facts.requestID, isSecret(chosen.span) else { return }
        facts.requestID = requestIDs.make()
    }

    /// Whether these bytes are a team's key, an upstream key, or an admin token.
    private func isSecret(_ bytes: Span<UInt8>) -> Bool {
        let digest = hasher.digest(bytes)
        return callers.knows(secretDigest: digest) || hiddenDigests.contains(digest)
    }

    /// The client's own `x-request-id` if it may be logged and forwarded, else a new one.
    func requestID(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> RequestID {
        guard head.has(.requestID), let range = head.first(.requestID) else { return requestIDs.make() }
        let chosen = bytes.extracting(range.indices)
        guard RequestID.isAcceptable(chosen), !isShownKey(chosen, head, bytes) else { return requestIDs.make() }
        return .chosen(chosen.withUnsafeBufferPointer { Array($0) })
    }

    /// Whether the client's request ID is its own key, which would go into the logs and to the vendor.
    private func isShownKey(_ text: Span<UInt8>, _ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
        guard let key = head.first(.apiKey), key.count == text.count else { return false }
        let shown = bytes.extracting(key.indices)
        return (0..<text.count).allSatisfy { shown[$0] == text[$0] }
    }
}
