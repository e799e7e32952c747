import EventLoops
import Gateway
import Vocabulary

/// Checks whether the store works, and answers within `SharedRooms.readinessTimeout`, whatever the store does.
///
/// Confined to its loop. Must outlive the last answer.
final class StoreCheck {
    typealias Answer = (Result<Void, StoreFault>) -> Void

    /// The maximum number of open checks; the admin side never has more connections than this.
    private static let openMax = 10_000

    private let rooms: SharedRooms
    private let loop: EventLoop
    private let back: LoopReturn
    private var open: [UInt64: (then: Answer, timer: LoopTimer)] = [:]
    private var lastNumber: UInt64 = 0

    init(rooms: SharedRooms, loop: EventLoop, back: LoopReturn) {
        self.rooms = rooms
        self.loop = loop
        self.back = back
    }

    /// - Parameter then: called once, in the loop.
    func ask(_ then: @escaping Answer) {
        guard open.count < Self.openMax else {
            return then(.failure(StoreFault(code: .overloaded, detail: "too many checks wait for the store")))
        }
        lastNumber += 1
        let number = lastNumber
        let timer = LoopTimer(loop: loop) { [unowned self] in answer(number, .failure(SharedRooms.storeSilent)) }
        timer.schedule(after: SharedRooms.readinessTimeout)
        open[number] = (then, timer)
        rooms.checkStore(then: back.callback { [unowned self] in answer(number, $0) })
    }

    /// Only the first answer counts.
    private func answer(_ number: UInt64, _ result: Result<Void, StoreFault>) {
        open.removeValue(forKey: number)?.then(result)
    }
}
