import EventLoops
import Gateway
import Vocabulary

/// Asks the store's thread for a sign of life. Confined to the main loop; one question at a time.
///
/// A store that refuses lives. One whose queue is full may be busy or hang, so it is asked again until it takes the
/// question.
final class StorePing {
    private static let retryInterval = Duration.milliseconds(100)

    private let rooms: SharedRooms
    private var asker: (@Sendable () -> Void)?
    private var timer: LoopTimer?
    /// Whether the question was taken.
    private var answers: Mailbox<Bool>?

    /// - Throws: no descriptor is left for the answers of the store's thread.
    init(loop: EventLoop, rooms: SharedRooms) throws(EventLoop.Fault) {
        self.rooms = rooms
        timer = LoopTimer(loop: loop) { [unowned self] in send() }
        answers = try Mailbox(loop: loop) { [unowned self] in answered(wasTaken: $0) }
    }

    /// - Parameter answer: called once the store's thread has answered; never if it hangs.
    func ask(_ answer: @escaping @Sendable () -> Void) {
        asker = answer
        send()
    }

    private func send() {
        guard let answers else { return }
        rooms.checkStore { result in
            if case .failure(let fault) = result, fault.code == .overloaded {
                answers.post(false)
            } else {
                answers.post(true)
            }
        }
    }

    private func answered(wasTaken: Bool) {
        if wasTaken {
            asker?()
            asker = nil
        } else {
            timer?.schedule(after: Self.retryInterval)
        }
    }
}
