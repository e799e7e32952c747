import Authentication
import Budgeting
import EventLoops
import HTTPMessages
import Observability
import Serving
import Upstream
import UpstreamKeys
import Vocabulary

/// One request that is passed through to the vendor: from its head to its reply, and to the end of its reservation.
///
/// Confined to its worker, which holds it until it is over; it outlives its exchange when the client leaves. Steps:
/// read the body if it has to be looked at → note that a saved classifier changes → reserve, or ask whether a budget is
/// exhausted; remove what is stored about the documents that it names → pass through, both ways at the pace of the
/// slower side → book what the reply charges → end the reply.
///
/// - P3: A request of a spending route goes out under a durable reservation, which ends once on every path: as settled,
///   released or unconfirmed.
/// - P4: It is sent once. Nothing is sent again after the vendor may have seen a byte.
/// - P5: A client that leaves ends the call, and the vendor's connection with it, unless the call may still say what it
///   costs (`PassageParting`): it is then awaited, for at most `response_timeout`.
/// - P6: What is stored about documents that it may change is removed as `DocumentChange` says, and only for a request
///   that goes out.
/// - P7: A change of a saved classifier goes out once it is noted durably, and its end is noted before the client has
///   the end of the reply.
///
/// `Passage+Admission` has what comes before the vendor, `Passage+Reply` the way back, `Passage+Parting` the client
/// that leaves.
final class Passage {
    enum State {
        /// Its body is being read into memory.
        case reading
        /// The store is asked to note that a saved classifier changes, the ledger for credits, or the store to remove
        /// what it has about the documents.
        case preparing
        case forwarded
        /// The call has ended; what it cost is being made durable.
        case ending
        case over
    }

    /// How long a client that expects a 100 waits for the vendor's word, RFC 9110 §10.1.1: "within a reasonable time".
    private static let continueTimeout = Duration.seconds(1)

    let identifier: UInt64
    let worker: Worker
    /// Nil once the client has its reply, or has left.
    var exchange: Exchange?
    let connection: ServerConnection
    let caller: Caller
    /// Whether it has a place in its team's `max_concurrency`.
    private var hasPlace = true
    var draft: PassageDraft
    var subject: PassageSubject
    private var beginning = ObjectBeginning()
    /// Accounts for the content that was read into memory.
    private var share: ByteShare?
    /// The key that the request is admitted with.
    var admittedKey: UpstreamKeyID?
    /// Nil if it names no document that it may change.
    var change: DocumentChange?
    /// How many results were removed; nil until that is known.
    var removal: Result<Int64, StoreFault>?
    /// The saved classifier that it may change.
    let changedClassifier: ClassifierKey?
    /// Whether its change is noted and has not ended.
    var isClassifierChanging = false
    let requestID: RequestID
    private let trace: RequestTrace?
    var state = State.reading
    /// Keeps the reservation of a spending route, or what the reply has charged.
    var keeper: ReservationKeeper?
    /// The key that the call goes out with.
    private(set) var upstreamKey: UpstreamKeyID?
    private(set) var call: PassageCall?
    /// Whether the vendor may have seen a byte.
    private(set) var hasBegun = false
    /// Whether the whole request was handed on.
    private(set) var isRequestOver = false
    /// Whether the client's whole request has come.
    private(set) var isBodyHere = false
    private var continueTimer: LoopTimer?
    /// Set while the call is awaited without its client.
    var partingTimer: LoopTimer?
    /// Whether a drain has ended it.
    private(set) var isCut = false

    // MARK: The reply

    var reply: PassageReply?
    /// What the kept part of the reply takes of the clients' memory.
    var keptShare: ByteShare?
    /// Whether the head of the reply may be sent and was not: it goes out with the first content, or alone.
    var isHeadDue = false
    var isChunked = false
    var keepsAlive = false
    var bytesOut = 0
    /// Why the reply was broken off, for the log.
    var breakReason: ErrorCode?

    /// - Throws: the reply to a request that is not passed through.
    init(
        _ head: borrowing RequestHead,
        _ content: AnnouncedContent,
        _ bytes: Span<UInt8>,
        caller: Caller,
        of exchange: Exchange,
        on connection: ServerConnection
    ) throws(ErrorReply) {
        worker = exchange.worker
        draft = try PassageDraft(
            head,
            content,
            bytes,
            team: caller.team,
            loggedPath: exchange.facts.unroutedPath,
            worker.settings.passthrough
        )
        guard caller.throttle.enter() else {
            worker.count(.denied, by: caller, model: nil)
            throw .tooManyAtOnce(caller.team)
        }
        identifier = worker.takeIdentifier()
        self.caller = caller
        self.exchange = exchange
        self.connection = connection
        requestID = exchange.facts.requestID
        trace = exchange.facts.trace
        subject = PassageSubject(head, in: bytes)
        changedClassifier = ClassifierPath.changed(head.method, bytes.extracting(head.path.indices)).map {
            ClassifierKey(account: caller.team.account, folding: $0)
        }
        worker.add(self)
    }

    /// How the request's body is taken.
    var plan: BodyPlan { draft.plan }

    /// - Parameter content: the whole content; nil if it follows.
    func begin(_ content: [UInt8]?) {
        if let content {
            isBodyHere = true
            return read(content, isLast: true)
        }
        guard draft.reading == .nothing else { return }
        // Nothing is taken from the client before the vendor can have it.
        connection.pauseBody()
        proceed([], isWhole: false)
    }

    /// The content of a buffered body, or the next piece of a streamed one.
    func received(_ content: [UInt8], isLast: Bool) {
        isBodyHere = isLast
        switch state {
        case .reading: read(content, isLast: isLast)
        case .forwarded:
            isRequestOver = isLast
            call?.add(content, isLast: isLast)
            if !isLast, call?.isCongested == true { connection.pauseBody() }
        // The vendor did not wait for it.
        case .ending, .over: break
        case .preparing: preconditionFailure("content of a body that is paused")
        }
    }

    /// Takes content of a body that is looked into before the request goes out.
    private func read(_ content: [UInt8], isLast: Bool) {
        guard hold(content.count) else { return answer(.outOfMemory) }
        if draft.content.isEmpty { draft.content = content } else { draft.content += content }
        if isLast { return proceed(draft.content, isWhole: true) }
        let isOver = draft.content.count > draft.readMax || !isSpending && !beginning.mayBeObject(draft.content)
        guard isOver, draft.reading == .short else { return }
        // It is not looked into, so the vendor gets it as it comes.
        connection.pauseBody()
        proceed(draft.content, isWhole: false)
    }

    /// Accounts for content that is kept. False if the clients together have too much already.
    private func hold(_ byteCount: Int) -> Bool {
        if byteCount == 0 { return true }
        if share == nil { share = ByteShare(of: worker.rooms.clientBytes, .teams) }
        return share?.take(byteCount) ?? false
    }

    // MARK: Credits

    var isSpending: Bool { draft.route != nil }

    var isHEAD: Bool { draft.method == .head }

    /// The name of its route in `passthrough.spending`; nil if it is of none.
    var spendingRoute: String? { draft.route?.name }

    /// The name under which it is counted and its cost is learned.
    var name: String { draft.route?.name ?? "pass-through" }

    var question: SpendingQuestion {
        SpendingQuestion(
            team: caller.team.id,
            key: caller.key.id,
            account: caller.team.account,
            documentID: subject.documentID,
            model: name,
            pages: nil,
            cacheKey: CacheKey(Digest(0, 0, 0, 0)),
            requestID: requestText,
            isPricedByCall: true
        )
    }

    /// The first document that the request names; nil if it names none.
    var documentID: String? { subject.documents.first }

    private var requestText: String { String(decoding: requestID.bytes, as: UTF8.self) }

    // MARK: The vendor

    func forward(_ key: UpstreamKeyID) {
        state = .forwarded
        upstreamKey = key
        let upstream = UpstreamCall(
            passing: draft.takeRequest(),
            requestID: requestID,
            trace: trace?.fieldsOfCall(),
            team: caller.team.id,
            account: caller.team.account,
            key: key
        )
        let call = worker.upstream.pass(upstream, self, move: { [self] key, then in move(to: key, then) }) {
            [self] outcome in
            ended(outcome)
        }
        // It may have ended at once.
        if state == .forwarded { self.call = call }
    }

    private func move(to key: UpstreamKeyID, _ then: @escaping (UpstreamKeyMoved) -> Void) {
        if let keeper {
            return keeper.move(to: key) { [self] moved in
                if case .done = moved { upstreamKey = key }
                then(moved)
            }
        }
        if case .upstreamKey? = worker.rooms.exhaustion(caller, key, at: worker.loop.wallClock)?.scope {
            return then(.noRoom)
        }
        upstreamKey = key
        then(.done)
    }

    private func letBodyCome() {
        continueTimer = nil
        guard exchange != nil, !isRequestOver, reply == nil else { return }
        if draft.expectsContinue { connection.sendContinue() }
        connection.resumeBody()
    }

    // MARK: Ends

    /// The request cannot be completed, or is no longer waited for. Answered at once.
    func failed(_ fault: RequestFault) {
        isCut = fault == .draining
        guard let exchange = exchange.take() else { return }
        count()
        exchange.reply(ErrorReply(fault, mayBeSent: hasBegun))
        abandon()
    }

    /// Counts the request, once.
    func count() {
        worker.count(.miss, by: caller, model: hasBegun ? name : nil, document: hasBegun ? documentID : nil)
    }

    /// Answers with an error, if the client is still there, and ends the passage.
    func answer(_ error: ErrorReply, closes: Bool = false, charged: MicroCredits = .zero) {
        if let exchange = exchange.take() {
            if closes || !isBodyHere { connection.endAfterReply() }
            exchange.reply(error, charged: charged)
        }
        over()
    }

    /// Refuses what the team may not do.
    func refuse(_ error: ErrorReply) {
        if let exchange = exchange.take() {
            if !isBodyHere { connection.endAfterReply() }
            _ = exchange.deny(error)
        }
        over()
    }

    func over() {
        state = .over
        endClassifierChange()
        change?.end()
        if hasPlace { caller.throttle.leave() }
        hasPlace = false
        // The call holds the passage, as the passage holds the call.
        (keeper, call) = (nil, nil)
        (continueTimer, partingTimer, share, keptShare) = (nil, nil, nil, nil)
        worker.passageDidEnd(self)
    }

    func log(_ note: FlightCourse.Note) {
        ProcessLog.warning(note.code, ["request_id": requestText, "detail": note.detail])
    }
}

extension Passage: PassageHandler {
    func passageDidBegin() {
        hasBegun = true
        isRequestOver = draft.isWhole
        guard !isRequestOver else { return }
        guard draft.expectsContinue else { return letBodyCome() }
        let timer = LoopTimer(loop: worker.loop) { [unowned self] in letBodyCome() }
        timer.schedule(after: Self.continueTimeout)
        continueTimer = timer
    }

    func passageIsAskedForContent() {
        if continueTimer != nil { letBodyCome() }
    }

    func passageDidDrain() {
        if exchange != nil, !isRequestOver, continueTimer == nil { connection.resumeBody() }
    }

    func passageDidReceive(_ head: PassageReplyHead) {
        endClassifierChange()
        // The client's content is not wanted any more, and may come or not.
        if continueTimer != nil { connection.endAfterReply() }
        continueTimer = nil
        receive(head)
    }

    func passageDidReceive(_ content: [UInt8]) { receive(content) }

    func passageDidCatchUp() { sendHead() }
}
