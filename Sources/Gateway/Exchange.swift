import Caching
import Coalescing
import EventLoops
import HTTPMessages
import JSON
import Keying
import Serving
import Upstream
import Vocabulary

/// One request, from its head to its reply.
///
/// Confined to its worker's loop. An exchange gets a number when it begins to wait; flight tickets and the store's
/// answers carry the number, and the worker finds the exchange by it. A hit never waits: nothing refers to its exchange
/// after the reply, so the object is reused for the worker's next request.
///
/// `Exchange+Steps` decides the order of the steps, `Exchange+Reply` ends the exchange.
final class Exchange {
    let worker: Worker
    /// Nil before the request begins and after its reply.
    private(set) var client: ClientConnection?
    var facts: RequestFacts
    /// Set once the body is read and memory has no answer.
    var pending: PendingExchange?
    /// The fingerprint of the body as it was sent; nil for a saved classifier's question.
    var fingerprint: Fingerprint?
    /// Set while the request is passed through; it ends the exchange.
    private(set) var passage: Passage?
    private var identifier: UInt64?
    /// Whether something refers to this exchange: its client, while it waits, or the worker, by its number.
    var isKept = false
    /// Set while the store is asked whether it works, or for the team's usage.
    private var timer: LoopTimer?

    init(worker: Worker) {
        self.worker = worker
        facts = RequestFacts(requestID: .made(0, 0), startedAt: worker.loop.now)
    }

    var isUnderWay: Bool { client != nil }

    // MARK: Beginning

    func begin(_ client: ClientConnection, _ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        self.client = client
        facts.begin(worker.requestID(head, bytes), at: worker.loop.now)
        do throws(ErrorReply) {
            guard let body = try admit(head, bytes, client.connection) else { return }
            advance(from: .route, bytes.extracting(body))
        } catch {
            reply(error)
        }
    }

    /// Step 2 of <doc:LifeOfARequest>: throws what is wrong with the head, and leaves the body unread then.
    ///
    /// - Returns: the range of the body; nil if it follows.
    private func admit(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        _ connection: ServerConnection
    ) throws(ErrorReply) -> Range<Int>? {
        let content: AnnouncedContent
        do throws(RequestFault) {
            // Before the route, so that no route can skip the check.
            content = try AnnouncedContent(head.framing, limit: worker.settings.bodyBytesMax)
        } catch {
            do throws(RequestFault) { content = try worker.announcedToVendor(head, bytes, otherwise: error) } catch {
                worker.describe(head, bytes, in: &facts)
                throw ErrorReply(error)
            }
        }
        do throws(ErrorReply) {
            try worker.admit(head, content, bytes, into: &facts)
            // Admitted to classify, so its key is valid.
            if facts.isQuestion, connection.share?.moveToTeams() == false { throw .outOfMemory }
        } catch {
            if facts.isQuestion, facts.caller == nil { connection.share?.moveToStrangers() }
            throw error
        }
        if facts.route == .passthrough { return try pass(head, content, bytes, connection) }
        let plan =
            facts.isQuestion
            ? BodyPlan(.buffered, limit: worker.settings.bodyBytesMax, timesPieces: true)
            : BodyPlan(.dropped, limit: Route.droppedContentBytesMax)
        return connection.takeBody(plan, of: head)
    }

    /// Hands the request to a passage, which takes the body.
    private func pass(
        _ head: borrowing RequestHead,
        _ content: AnnouncedContent,
        _ bytes: Span<UInt8>,
        _ connection: ServerConnection
    ) throws(ErrorReply) -> Range<Int>? {
        guard let caller = facts.caller else { preconditionFailure("a passage before authentication") }
        guard connection.share?.moveToTeams() != false else { throw .outOfMemory }
        let passage = try Passage(head, content, bytes, caller: caller, of: self, on: connection)
        self.passage = passage
        isKept = true
        let body = connection.takeBody(passage.plan, of: head)
        passage.begin(body.map { range in bytes.extracting(range).withUnsafeBufferPointer { Array($0) } })
        return nil
    }

    /// Answers input that is no request, or one that will never be complete.
    func refuse(_ client: ClientConnection, _ error: ErrorReply, _ head: RequestHead?, _ bytes: Span<UInt8>) {
        self.client = client
        facts.begin(worker.requestIDs.make(), at: worker.loop.now)
        if let head { worker.describe(head, bytes, in: &facts) } else { facts.route = Route.glimpse(bytes) }
        reply(error)
    }

    // MARK: Waiting

    /// The number that identifies this exchange until its reply; assigned at first use.
    var number: UInt64 {
        if let identifier { return identifier }
        let identifier = worker.enter(self)
        self.identifier = identifier
        isKept = true
        return identifier
    }

    /// Limits the wait for an answer of the store. A store that does not answer in time counts as not working.
    ///
    /// - Parameter giveUp: ends the exchange; called when the time is up.
    func awaitStore(_ timeout: Duration, else giveUp: @escaping (Exchange) -> Void) {
        let timer = LoopTimer(loop: worker.loop) { [unowned self] in giveUp(self) }
        timer.schedule(after: timeout)
        self.timer = timer
    }

    /// Ends the exchange, for its reply or because its client left.
    ///
    /// - Returns: the client, which the exchange forgets; nil if it has ended before.
    func end() -> ClientConnection? {
        if isKept { endWaiting() }
        return client.take()
    }

    private func endWaiting() {
        if let identifier { worker.forget(identifier) }
        identifier = nil
        timer = nil
        passage = nil
        client?.exchangeDidEnd()
        isKept = false
    }

    /// Releases what a request holds that memory could not answer.
    func dropQuestion() {
        if fingerprint != nil || pending != nil { (fingerprint, pending) = (nil, nil) }
    }
}

/// The question of a request, and what the request holds while it waits. Confined to its exchange and the leader of its
/// flight. An object, since both have it and it has much.
final class PendingExchange {
    /// The kind of answer it waits for.
    enum Role { case onlyIfCached, leader, follower }

    var facts: RequestFacts
    let request: ClassifyRequest
    /// Accounts for the memory of the waiting question.
    let share: ByteShare
    /// The request's place in its team's `max_concurrency`.
    let place: TeamPlace
    let key: CacheKey
    /// When it was asked, in the order of the purges.
    let asked: PurgeStamp
    /// The fingerprint of the body as it was sent, which makes an identical body a hit without parsing. Nil for a saved
    /// classifier's question, whose body does not say all of it.
    let fingerprint: Fingerprint?
    var role: Role
    /// The reason why the memory cache did not answer.
    var reason: CacheStatus.ForwardReason

    init(
        facts: RequestFacts,
        request: ClassifyRequest,
        share: ByteShare,
        place: TeamPlace,
        key: CacheKey,
        asked: PurgeStamp,
        fingerprint: Fingerprint?,
        role: Role,
        reason: CacheStatus.ForwardReason
    ) {
        self.facts = facts
        self.request = request
        self.share = share
        self.place = place
        self.key = key
        self.asked = asked
        self.fingerprint = fingerprint
        self.role = role
        self.reason = reason
    }

    /// The saved classifier that is asked; nil for a question with a schema of its own.
    var classifierKey: ClassifierKey? {
        guard let caller = facts.caller else { return nil }
        return request.classifier.map { ClassifierKey(account: caller.team.account, folding: $0.identifier) }
    }
}
