public import Alerting
import Budgeting
public import EventLoops
public import Gateway
import Observability
import Registry
public import Reporting
public import Vocabulary

/// Watches what alerts are about, records each condition once, and posts the alerts. Confined to the main loop.
///
/// Every two seconds it looks at the budgets, the ledger and the vendor, and every minute at what ends soon. What is
/// new is made durable first, then it is open in the book and in the outbox (A1). Each post runs on a thread of its
/// own, one at a time: neither a slow receiver nor a slow resolver holds up anything else. While no webhook is
/// configured nothing is watched, and what waits is kept. Of several nodes the first alone watches and sends; what the
/// others have to tell, bills that were entered there, they record, and it finds that within a minute.
public final class AlertDesk {
    private static let interval = Duration.seconds(2)
    private static let expiryInterval = Duration.seconds(60)
    /// The days of the share of unconfirmed credits.
    private static let unconfirmedDays: Int32 = 7
    /// Scopes whose budgets are looked at in one go.
    private static let scopesAtOnce = 1_000
    /// Bills that wait to be looked at.
    private static let billsMax = 1_000

    private let loop: EventLoop
    private let keeper: RegistryKeeper
    private let rooms: SharedRooms
    private let store: any AlertStore
    private let back: LoopReturn
    private var settings: AlertSettings?
    /// When the certificate that operators are shown ends; nil without TLS.
    public var adminCertificateEnd: Timestamp?
    /// Nil until the store has said what is open.
    private var book: AlertBook?
    private var outbox = AlertOutbox()
    private var bills: [ComparedStatement] = []
    private var roundTimer: LoopTimer?
    private var outboxTimer: LoopTimer?
    private var expiryDue: MonotonicInstant
    /// When what other nodes have recorded is looked for.
    private var readingDue: MonotonicInstant
    /// From a look to the moment when its findings are recorded, or could not be.
    private var isLooking = false
    private var isTesting = false

    /// Watches nothing before `replace`.
    ///
    /// - Throws: no descriptor is left for the answers of other threads.
    public init(
        loop: EventLoop,
        keeper: RegistryKeeper,
        rooms: SharedRooms,
        store: any AlertStore
    ) throws(EventLoop.Fault) {
        self.loop = loop
        self.keeper = keeper
        self.rooms = rooms
        self.store = store
        back = try LoopReturn(loop: loop)
        expiryDue = loop.now
        readingDue = loop.now
        roundTimer = LoopTimer(loop: loop) { [unowned self] in round() }
        outboxTimer = LoopTimer(loop: loop) { [unowned self] in sendNext() }
    }

    /// Applies settings, and looks at once.
    ///
    /// - Parameter settings: nil turns alerts off.
    public func replace(_ settings: AlertSettings?) {
        self.settings = settings
        expiryDue = loop.now
        guard settings != nil else {
            roundTimer?.cancel()
            outboxTimer?.cancel()
            return
        }
        roundTimer?.schedule(at: loop.now)
        outboxTimer?.schedule(at: loop.now)
    }

    /// Stops watching and sending; what waits is sent after the next start.
    public func stop() { replace(nil) }

    /// Looks at a bill that was entered.
    public func note(_ bill: ComparedStatement) {
        guard settings != nil, bills.count < Self.billsMax else { return }
        bills.append(bill)
        if book != nil || !isMine { roundTimer?.schedule(at: loop.now) }
    }

    // MARK: Looking

    /// Whether this node watches and sends for all that share the store.
    private var isMine: Bool {
        rooms.standing.isFirst && rooms.standing.maySend(sinceBoot: SystemClock.sinceBoot())
    }

    private func round() {
        guard !isLooking else { return }
        guard isMine else { return leaveToOthers() }
        if book == nil || (rooms.standing.isShared && loop.now >= readingDue) { open() } else { look() }
    }

    /// Another node watches, and by the time that this one does, what it knows now will be old.
    private func leaveToOthers() {
        book = nil
        outbox.clear()
        guard let settings else { return }
        isLooking = true
        let count = bills.count
        raise(bills.compactMap { AlertCondition.drift(of: $0, above: settings.driftShare) }, at: SystemClock.wall()) {
            [self] in bills.removeFirst(count)
        }
    }

    private func open() {
        isLooking = true
        readingDue = loop.now + Self.expiryInterval
        store.openAlerts(
            then: back.callback { [self] (result: Result<AlertOpening, StoreFault>) in
                // A store that does not answer is asked again.
                defer { again() }
                guard case .success(let opening) = result else { return }
                if book == nil { book = AlertBook(opening.open) } else { book?.replace(opening.open) }
                for item in opening.pending { outbox.add(item, at: loop.now) }
                sendNext()
            }
        )
    }

    private func look() {
        guard let settings else { return }
        isLooking = true
        let now = SystemClock.wall()
        var conditions = AlertCondition.conditions(of: rooms.upstreamStatus)
        let used = rooms.used(lastDays: Self.unconfirmedDays, at: now)
        let unconfirmed = AlertCondition.unconfirmed(
            spent: used.spent,
            unconfirmed: used.unconfirmed,
            above: settings.unconfirmedShare,
            days: Self.unconfirmedDays
        )
        if let unconfirmed { conditions.append(unconfirmed) }
        conditions += bills.compactMap { AlertCondition.drift(of: $0, above: settings.driftShare) }
        if loop.now >= expiryDue {
            expiryDue = loop.now + Self.expiryInterval
            conditions += expiring(settings, at: now)
        }
        lookAtBudgets(from: 0, conditions, bills: bills.count)
    }

    private func expiring(_ settings: AlertSettings, at now: Timestamp) -> [AlertCondition] {
        let span = now..<max(now, now + settings.expiryNotice)
        let registry = keeper.registry
        var conditions: [AlertCondition] = registry.upstreamKeys(ending: span).compactMap { key in
            key.notAfter.map { .expiring(key.id, of: key.account, at: $0) }
        }
        conditions += registry.teamKeys(ending: span).compactMap { key in
            key.notAfter.map { .expiring(key.id, of: key.team, at: $0) }
        }
        if let end = keeper.certificateEnd, end < span.upperBound {
            conditions.append(.certificate("listen.tls.certificate_file", endsAt: end))
        }
        if let end = adminCertificateEnd, end < span.upperBound {
            conditions.append(.certificate("admin.tls.certificate_file", endsAt: end))
        }
        return conditions
    }

    /// In pieces: with many teams, all at once would hold up the loop and the budgets' lock.
    private func lookAtBudgets(from position: Int, _ conditions: [AlertCondition], bills: Int) {
        let (crossings, next) = rooms.crossings(from: position, atMost: Self.scopesAtOnce, at: SystemClock.wall())
        let registry = keeper.registry
        let conditions =
            conditions
            + crossings.map { crossing in
                var team: TeamID?
                if case .key(let key) = crossing.scope { team = registry.teamKey(key)?.record.team }
                return AlertCondition(crossing, team: team)
            }
        guard let next else { return record(conditions, bills: bills) }
        back.callback { [self] (_: Void) in lookAtBudgets(from: next, conditions, bills: bills) }(())
    }

    // MARK: Recording

    /// - Parameter bills: how many of those that wait were looked at.
    private func record(_ conditions: [AlertCondition], bills: Int) {
        let now = SystemClock.wall()
        let kinds: Set<AlertKind> = [.circuitOpen, .keyQuarantined, .unconfirmedHigh]
        guard let findings = book?.look(conditions, for: kinds, at: now) else { return again() }
        close(findings.over) { [self] in
            raise(findings.new, at: now) { [self] in self.bills.removeFirst(bills) }
        }
    }

    private func close(_ names: [String], _ then: @escaping () -> Void) {
        guard !names.isEmpty else { return then() }
        store.closeAlerts(
            names,
            then: back.callback { [self] (result: Result<Void, StoreFault>) in
                guard case .success = result else { return again() }
                book?.closed(names)
                then()
            }
        )
    }

    private func raise(_ conditions: [AlertCondition], at now: Timestamp, _ then: @escaping () -> Void) {
        guard !conditions.isEmpty else {
            then()
            return again()
        }
        store.raise(
            conditions.map { NewAlert($0, at: now) },
            then: back.callback { [self] (result: Result<[AlertOutbox.Item], StoreFault>) in
                defer { again() }
                switch result {
                case .success(let items):
                    for condition in conditions { book?.raised(condition, at: now) }
                    if book != nil { for item in items { outbox.add(item, at: loop.now) } }
                    then()
                    sendNext()
                case .failure(let fault):
                    ProcessLog.warning("alert_not_recorded", ["detail": fault.description])
                }
            }
        )
    }

    /// The next look. What could not be recorded is found again then.
    private func again() {
        isLooking = false
        if settings != nil { roundTimer?.schedule(after: Self.interval) }
    }

    // MARK: Sending

    private func sendNext() {
        guard let settings, isMine else { return }
        switch outbox.next(at: loop.now, wall: SystemClock.wall()) {
        case .send(let item):
            post(item.body, settings) { [self] in ended(item, $0) }
        case .giveUp(let item):
            let detail = "the receiver has not taken it in a day"
            ProcessLog.error("alert_given_up", ["alert": String(item.id), "detail": detail])
            note(item, .givenUp, detail)
            sendNext()
        case .wait(let moment): outboxTimer?.schedule(at: moment)
        case .idle: break
        }
    }

    private func ended(_ item: AlertOutbox.Item, _ result: WebhookCall.Result) {
        if result.isDelivered {
            outbox.arrived()
            ProcessLog.info("alert_sent", ["alert": String(item.id), "detail": result.detail])
            var item = item
            item.attempts += 1
            note(item, .delivered, result.detail)
        } else {
            let waiting = outbox.failed(at: loop.now)
            ProcessLog.warning(
                "alert_not_sent",
                ["alert": String(item.id), "attempts": String(waiting.attempts), "detail": result.detail]
            )
            note(waiting, .pending, result.detail)
        }
        sendNext()
    }

    private func note(_ item: AlertOutbox.Item, _ state: AlertState, _ detail: String) {
        let delivery = AlertDelivery(
            id: item.id,
            state: state,
            attempts: item.attempts,
            detail: detail,
            at: SystemClock.wall()
        )
        store.note(delivery) { result in
            // A delivered one is sent again after a restart then, under the same identifier.
            guard case .failure(let fault) = result else { return }
            ProcessLog.warning("alert_not_recorded", ["alert": String(delivery.id), "detail": fault.description])
        }
    }

    private func post(_ body: [UInt8], _ settings: AlertSettings, _ then: @escaping (WebhookCall.Result) -> Void) {
        let call = WebhookCall(receiver: settings.receiver, secret: settings.secret, body: body)
        let done = back.callback(then)
        do throws(EventLoop.Fault) {
            _ = try SystemThread.start(name: "alert") { done(call.run(at: SystemClock.wall())) }
        } catch {
            done(.failed(error.description))
        }
    }

    // MARK: Trying

    /// Why an alert cannot be tried.
    enum TestRefusal: Error {
        case off, busy
    }

    /// Posts an alert of type `test` at once, once, and answers what the receiver said. It is not recorded.
    func test(by actor: String, then: @escaping (Result<WebhookCall.Result, TestRefusal>) -> Void) {
        guard let settings else { return then(.failure(.off)) }
        guard !isTesting else { return then(.failure(.busy)) }
        isTesting = true
        let now = SystemClock.wall()
        let facts = AlertCondition.test(by: actor).json(.test, at: now).text
        let item = AlertOutbox.Item(id: now.microseconds, facts: facts, raisedAt: now)
        post(item.body, settings) { [self] result in
            isTesting = false
            then(.success(result))
        }
    }
}
