import Authentication
import Caching
import HTTPMessages

/// What is checked of a request when its head is complete and nothing of its body has been looked at.
extension Worker {
    /// The longest part of a path that a log line holds.
    private static let loggedPathMax = 200

    /// Fills `facts` as far as the request is in order; throws what is wrong with it.
    func admit(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into facts: inout RequestFacts
    ) throws(ErrorReply) {
        facts.method = head.method
        facts.isHTTP10 = head.version == .http10
        facts.keepsAlive = head.keepsAlive
        let route: Route
        do throws(ErrorReply) { route = try Route.find(head, in: bytes) } catch {
            let path = head.path.indices.prefix(Worker.loggedPathMax)
            facts.unroutedPath = path.map { bytes[$0] }
            throw error
        }
        facts.route = route
        guard route == .classify else { return }
        try authenticate(head, bytes, into: &facts)
        guard head.query == nil else { throw .queryNotAllowed }
        try checkContent(head, bytes)
        guard head.has(.cacheControl) else { return }
        for field in head.fields where field.known == .cacheControl {
            facts.directives.add(fieldValue: bytes.extracting(field.value.indices))
        }
    }

    private func authenticate(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into facts: inout RequestFacts
    ) throws(ErrorReply) {
        // A missing key is looked up like any other, so that it takes the same path.
        let range = head.first(.apiKey)?.indices ?? 0..<0
        let caller = callers.find(bytes.extracting(range), at: loop.wallClock, with: hasher)
        guard let caller else { throw .invalidKey }
        facts.caller = caller
        guard let wait = caller.throttle.takeToken(at: loop.now) else { return }
        count(.denied, by: caller, model: "")
        throw .rateLimited(caller.team, wait: wait)
    }

    private func checkContent(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(ErrorReply) {
        for field in head.fields where field.known == .contentEncoding && head.has(.contentEncoding) {
            guard TokenList.equals(bytes.extracting(field.value.indices), "identity") else { throw .contentCoded }
        }
        if case .length(let length) = head.framing, length > Int64(settings.bodyBytesMax) {
            throw .bodyTooLarge(settings.bodyBytesMax)
        }
    }
}
