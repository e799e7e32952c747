import Caching
import Coalescing
import EventLoops
import HTTPMessages
import JSON
import Keying
import Serving
import Upstream
import Vocabulary

/// One request on its way to its reply.
///
/// Confined to its worker's loop. It has a number of its own from the moment it waits for somebody: flight tickets and
/// the store's answers name it, and its worker finds it by that. A hit waits for nobody, and its object serves the
/// worker's next request too: nothing touches it after its reply.
///
/// `Exchange+Steps` has the order of what happens, `Exchange+Reply` how it ends.
final class Exchange {
    let worker: Worker
    /// Nil before the request and after its reply.
    private(set) var client: ClientConnection?
    var facts: RequestFacts
    /// Set from the join on.
    var pending: PendingExchange?
    /// The fingerprint of the body as it was sent.
    var fingerprint: Fingerprint?
    private var identifier: UInt64?
    /// Whether others hold it: its client, while it waits, or the worker, under its number.
    var isKept = false
    /// Set while the store is asked whether it works.
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

    /// Step 2 of the request's life: what is wrong with the head is thrown, and its body unread.
    ///
    /// - Returns: where the body stands; nil when it follows.
    private func admit(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        _ connection: ServerConnection
    ) throws(ErrorReply) -> Range<Int>? {
        let content: AnnouncedContent
        do throws(RequestFault) {
            // Before the route, so that there is none whose content was not judged.
            content = try AnnouncedContent(head.framing, limit: worker.settings.bodyBytesMax)
        } catch {
            worker.describe(head, bytes, in: &facts)
            throw ErrorReply(error)
        }
        do throws(ErrorReply) {
            try worker.admit(head, content, bytes, into: &facts)
            // Admitted to classify: its key is good.
            if facts.route == .classify, connection.share?.moveToTeams() == false { throw .outOfMemory }
        } catch {
            if facts.route == .classify, facts.caller == nil { connection.share?.moveToStrangers() }
            throw error
        }
        let plan =
            facts.route == .classify
            ? BodyPlan(.buffered, limit: worker.settings.bodyBytesMax, timesPieces: true)
            : BodyPlan(.dropped, limit: Route.droppedContentBytesMax)
        return connection.takeBody(plan, of: head)
    }

    /// Answers what is no request, or none that will be whole.
    func refuse(_ client: ClientConnection, _ error: ErrorReply, _ head: RequestHead?, _ bytes: Span<UInt8>) {
        self.client = client
        facts.begin(worker.requestIDs.make(), at: worker.loop.now)
        if let head { worker.describe(head, bytes, in: &facts) } else { facts.route = Route.glimpse(bytes) }
        reply(error)
    }

    // MARK: Waiting

    /// The number by which others find this exchange until its reply.
    var number: UInt64 {
        if let identifier { return identifier }
        let identifier = worker.enter(self)
        self.identifier = identifier
        isKept = true
        return identifier
    }

    /// A store that does not answer in time whether it works does not.
    func awaitCheck() {
        let timer = LoopTimer(loop: worker.loop) { [unowned self] in checked(.failure(SharedRooms.storeSilent)) }
        timer.schedule(after: SharedRooms.readinessTimeout)
        self.timer = timer
        worker.checkStore(for: number)
    }

    /// The reply is on its way, or nobody waits for it any more.
    ///
    /// - Returns: the client, whom the exchange knows no longer; nil when it has ended before.
    func end() -> ClientConnection? {
        if isKept { endWaiting() }
        return client.take()
    }

    private func endWaiting() {
        if let identifier { worker.forget(identifier) }
        identifier = nil
        timer = nil
        client?.exchangeDidEnd()
        isKept = false
    }

    /// Lets go of what a request held that memory had no answer for.
    func dropQuestion() {
        if fingerprint != nil { (fingerprint, pending) = (nil, nil) }
    }
}

/// What a classify request asks, once it was read, and what it holds while it waits. Confined to its exchange.
struct PendingExchange {
    /// What it waits for.
    enum Role { case onlyIfCached, leader, follower }

    var facts: RequestFacts
    let request: ClassifyRequest
    /// The memory that the question takes while it waits.
    let share: ByteShare
    /// The place that the request has among those of its team.
    let place: TeamPlace
    let key: CacheKey
    /// The fingerprint of the body as it was sent, by which an identical one is a hit without being parsed.
    let fingerprint: Fingerprint
    var role: Role
    /// Why the memory cache did not answer it.
    var reason: CacheStatus.ForwardReason
}
