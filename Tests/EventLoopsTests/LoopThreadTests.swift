import EventLoops
import Testing
import Vocabulary

@Suite("LoopThread")
struct LoopThreadTests {
    @Test("start returns when the body has run, posts run in their order on its thread, join waits for the end")
    func postAndJoin() throws {
        let order = Guarded<[Int]>([])
        let thread = try LoopThread.start(name: "tested") { loop in
            loop.preconditionInLoop()
            order.withLock { $0.append(0) }
        }
        #expect(order.withLock { $0 } == [0])
        for number in 1...100 {
            thread.post { loop in
                loop.preconditionInLoop()
                order.withLock { $0.append(number) }
            }
        }
        thread.post { $0.stop() }
        thread.join()
        #expect(order.withLock { $0 } == Array(0...100))
    }

    @Test("a body that stops the loop ends the thread, and a post to it is dropped")
    func stoppedByTheBody() throws {
        let ran = Guarded(false)
        let thread = try LoopThread.start(name: "tested") { $0.stop() }
        thread.join()
        thread.post { _ in ran.withLock { $0 = true } }
        #expect(!ran.withLock { $0 })
    }

    @Test("what a body makes lives on the thread's loop: a timer fires there")
    func timer() throws {
        let fired = Handover<Bool>()
        let thread = try LoopThread.start(name: "tested") { loop in
            var timer: LoopTimer?
            timer = LoopTimer(loop: loop) { [unowned loop] in
                loop.preconditionInLoop()
                fired.give(true)
                timer = nil
                loop.stop()
            }
            timer?.schedule(after: .milliseconds(1))
        }
        #expect(fired.take())
        thread.join()
    }
}
