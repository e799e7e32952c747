import EventLoops
import Testing
import Vocabulary

@Suite("EventLoop")
struct EventLoopTests {
    @Test("what was put off runs in the order it was put off, and what that puts off runs a pass later")
    func order() throws {
        let loop = try EventLoop()
        var order: [String] = []
        let timer = LoopTimer(loop: loop) { order.append("timer") }
        loop.later {
            order.append("first")
            // Due at once, so that it fires in the next pass, before what is put off until then.
            timer.schedule(at: loop.now)
            loop.later {
                order.append("put off by the first")
                loop.stop()
            }
        }
        loop.later { order.append("second") }
        loop.later { order.append("third") }
        loop.runToStop()
        #expect(order == ["first", "second", "third", "timer", "put off by the first"])
    }

    @Test("a chain of actions that put off one another keeps no event waiting")
    func chain() throws {
        let loop = try EventLoop()
        var links = 0
        func link() {
            links += 1
            loop.later { link() }
        }
        let timer = LoopTimer(loop: loop) { loop.stop() }
        timer.schedule(after: .milliseconds(5))
        link()
        loop.runToStop()
        #expect(links > 1)
    }

    @Test("a loop that was stopped before it runs returns without a pass")
    func stoppedBefore() throws {
        let loop = try EventLoop()
        var ran = false
        loop.later { ran = true }
        loop.stop()
        loop.run()
        #expect(!ran)
    }

    @Test("a loop that was stopped runs again when that is asked for")
    func runAgain() throws {
        let loop = try EventLoop()
        var runs = 0
        for _ in 0..<3 {
            loop.later {
                runs += 1
                loop.stop()
            }
            loop.runAgain()
        }
        #expect(runs == 3)
    }

    @Test("stop lets the pass that is under way end")
    func stopEndsAfterThePass() throws {
        let loop = try EventLoop()
        var order: [Int] = []
        loop.later {
            order.append(1)
            loop.stop()
            loop.later { order.append(3) }
        }
        loop.later { order.append(2) }
        loop.runToStop()
        #expect(order == [1, 2])
    }

    @Test("both clocks stand still within a pass and go on between passes")
    func clocks() throws {
        let loop = try EventLoop()
        loop.later {
            let (monotonic, wall) = (loop.now, loop.wallClock)
            while SystemClock.monotonic() == monotonic || SystemClock.wall() == wall {}
            #expect(loop.now == monotonic)
            #expect(loop.wallClock == wall)
            loop.later {
                #expect(loop.now > monotonic)
                #expect(loop.wallClock > wall)
                loop.stop()
            }
        }
        loop.runToStop()
    }

    @Test("a call from another thread traps")
    func otherThread() async throws {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            loop.preconditionInLoop()
        }
        let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            nonisolated(unsafe) let loop = try EventLoop()
            try SystemThread.start(name: "other") { loop.preconditionInLoop() }.join()
        }
        #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("outside the loop's thread"))
    }
}
