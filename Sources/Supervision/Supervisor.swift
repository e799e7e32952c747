public import EventLoops
import Glibc
import Vocabulary

/// The service manager that started the program, told by datagrams what state it is in; without one nothing is told.
///
/// Confined to the main loop. Never fails and never blocks.
public final class Supervisor {
    /// Asks somebody for a sign of life, who calls `answer` once, on any thread, unless it hangs.
    public typealias Question = (_ answer: @escaping @Sendable () -> Void) -> Void

    /// How long a state that was not taken waits before it is sent again.
    private static let retryInterval = Duration.milliseconds(100)
    private static let variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    private let loop: EventLoop
    private let socket: SupervisorSocket?
    private let watchdogInterval: Duration?
    private var watchdog: LoopTimer?
    private var round = WatchdogRound()
    private var answers: Mailbox<UInt64>?
    private var questions: [Question] = []
    /// The latest state, while the manager has not taken it; the states before it no longer matter.
    private var unsent: String?
    private var retry: LoopTimer?

    /// Whether somebody is told.
    public var isThere: Bool { socket != nil }

    /// Removes the variables, which are not for programs that this one may start: no other thread may run that reads
    /// the environment.
    ///
    /// - Throws: no descriptor is left for the answers of other threads.
    public init(loop: EventLoop, environment: [String: String]) throws(EventLoop.Fault) {
        self.loop = loop
        socket = environment["NOTIFY_SOCKET"].flatMap { SupervisorSocket($0) }
        watchdogInterval = socket == nil ? nil : WatchdogInterval.read(environment, process: getpid())
        for name in Self.variables { unsafe unsetenv(name) }
        guard socket != nil else { return }
        retry = LoopTimer(loop: loop) { [unowned self] in sendAgain() }
        guard watchdogInterval != nil else { return }
        answers = try Mailbox(loop: loop) { [unowned self] in answered($0) }
        watchdog = LoopTimer(loop: loop) { [unowned self] in ask() }
    }

    // MARK: States

    /// It serves.
    public func tellReady(_ status: String) { tell(.ready(status: status)) }

    /// A reload has begun; `tellReady` follows.
    public func tellReloading() { tell(.reloading(at: SystemClock.monotonic())) }

    /// The end has begun.
    ///
    /// - Parameter time: how long it may take; the manager waits at least as long.
    public func tellStopping(_ status: String, within time: Duration) {
        tell(.stopping(status: status))
        socket?.send(SupervisorMessage.moreTime(time).text)
    }

    private func tell(_ state: SupervisorMessage) {
        guard let socket else { return }
        unsent = nil
        guard !socket.send(state.text) else { return }
        unsent = state.text
        retry?.schedule(after: Self.retryInterval)
    }

    private func sendAgain() {
        guard let text = unsent, let socket else { return }
        if socket.send(text) { unsent = nil } else { retry?.schedule(after: Self.retryInterval) }
    }

    // MARK: The watchdog

    /// Tells the manager from now on, as often as it asks for it, that the program is alive: whenever all questions are
    /// answered. This loop needs none, since it is the one that asks and tells.
    ///
    /// - Parameter questions: replace those before; a round of them that is under way is given up.
    public func watch(_ questions: [Question]) {
        self.questions = questions
        round.giveUp()
        if watchdogInterval != nil, !questions.isEmpty { ask() }
    }

    private func ask() {
        guard let watchdogInterval, let answers else { return }
        watchdog?.schedule(after: watchdogInterval)
        guard let number = round.begin(questions.count) else { return }
        for question in questions { question { answers.post(number) } }
    }

    private func answered(_ number: UInt64) {
        if round.answered(number) { socket?.send(SupervisorMessage.alive.text) }
    }
}
