import Configuration
import EventLoops
import Observability
import Vocabulary

/// Looks at the files that the configuration names, as often as `secrets.reload` says, and says when they are to be
/// read.
///
/// Confined to the main loop. Each look runs on a thread of its own, one at a time, since a file system may hang: then
/// the files are as they were until it answers.
final class FileWatcher {
    /// How soon after a change it is looked whether there is another.
    private static let settlingTime = Duration.seconds(1)

    private let loop: EventLoop
    private let onChange: () -> Void
    private var watch = FileWatch([:])
    private var interval: Duration?
    private var timer: LoopTimer?
    private var looks: Mailbox<FileStates>?
    private var isLooking = false
    private var isSlowTold = false

    /// Looks at nothing before `replace`.
    ///
    /// - Parameter onChange: called when the files are to be read; it leads to `replace` or to `refused`.
    /// - Throws: no descriptor is left for the answers of other threads.
    init(loop: EventLoop, onChange: @escaping () -> Void) throws(EventLoop.Fault) {
        self.loop = loop
        self.onChange = onChange
        timer = LoopTimer(loop: loop) { [unowned self] in look() }
        looks = try Mailbox(loop: loop) { [unowned self] in looked($0) }
    }

    /// A configuration is in effect.
    func replace(_ configuration: GatewayConfiguration) {
        watch.applied(configuration.origin?.files ?? [:])
        interval = configuration.secrets.reloadInterval
        timer?.cancel()
        if let interval { timer?.schedule(after: interval) }
    }

    /// What was read on `onChange` changes nothing.
    ///
    /// - Parameter faults: a line each.
    /// - Returns: whether they are to be told: not if they are as before.
    func refused(_ files: FileStates, _ faults: [String]) -> Bool { watch.refused(files, faults) }

    private func look() {
        guard let interval, let looks else { return }
        timer?.schedule(after: interval)
        guard !isLooking else { return tellSlow() }
        isLooking = true
        let paths = watch.paths
        let thread = try? SystemThread.start(name: "look at files") {
            looks.post(Dictionary(uniqueKeysWithValues: paths.map { ($0, FileState(of: $0)) }))
        }
        // Without a thread it is tried again at the next look.
        if thread == nil { isLooking = false }
    }

    private func tellSlow() {
        guard !isSlowTold else { return }
        isSlowTold = true
        ProcessLog.warning(
            "files_slow",
            ["detail": "a file that the configuration names does not answer; is its file system there?"]
        )
    }

    private func looked(_ states: FileStates) {
        isLooking = false
        isSlowTold = false
        guard let interval else { return }
        switch watch.looked(states) {
        case .nothing: break
        case .lookAgain: timer?.schedule(after: min(interval, Self.settlingTime))
        case .read: onChange()
        }
    }
}
