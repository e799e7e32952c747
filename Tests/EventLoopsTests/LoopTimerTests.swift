import EventLoops
import Testing
import Vocabulary

@Suite("LoopTimer")
struct LoopTimerTests {
    /// What a timer may be early by: libevent's clock lags up to a pass behind.
    private static let tolerance = Duration.milliseconds(1)

    private static func isDue(_ deadline: MonotonicInstant) -> Bool {
        SystemClock.monotonic() + tolerance >= deadline
    }

    @Test("fires once, and not before its deadline")
    func once() throws {
        let loop = try EventLoop()
        let deadline = SystemClock.monotonic() + .milliseconds(20)
        var fired = 0
        let timer = LoopTimer(loop: loop) {
            fired += 1
            #expect(Self.isDue(deadline))
        }
        let end = LoopTimer(loop: loop) { loop.stop() }
        timer.schedule(at: deadline)
        end.schedule(at: deadline + .milliseconds(30))
        #expect(timer.isScheduled)
        loop.runToStop()
        #expect(fired == 1)
        #expect(!timer.isScheduled)
    }

    @Test("a deadline that is over fires in the next pass")
    func past() throws {
        let loop = try EventLoop()
        let timer = LoopTimer(loop: loop) { loop.stop() }
        timer.schedule(at: loop.now + .seconds(-5))
        loop.runToStop()
    }

    @Test("one that is moved later does not fire at its first deadline, but once at the second")
    func movedLater() throws {
        let loop = try EventLoop()
        let deadline = SystemClock.monotonic() + .milliseconds(40)
        var fired = 0
        let timer = LoopTimer(loop: loop) {
            fired += 1
            #expect(Self.isDue(deadline))
        }
        let end = LoopTimer(loop: loop) { loop.stop() }
        timer.schedule(after: .milliseconds(2))
        timer.schedule(at: deadline)
        end.schedule(at: deadline + .milliseconds(30))
        loop.runToStop()
        #expect(fired == 1)
    }

    @Test("one that is moved earlier fires at the earlier deadline, and not again at the later one")
    func movedEarlier() throws {
        let loop = try EventLoop()
        var fired: [MonotonicInstant] = []
        let timer = LoopTimer(loop: loop) { fired.append(SystemClock.monotonic()) }
        let later = SystemClock.monotonic() + .milliseconds(100)
        timer.schedule(at: later)
        timer.schedule(after: .milliseconds(1))
        let probe = LoopTimer(loop: loop) { #expect(fired.count == 1) }
        probe.schedule(at: later + .milliseconds(-20))
        let end = LoopTimer(loop: loop) { loop.stop() }
        end.schedule(at: later + .milliseconds(20))
        loop.runToStop()
        #expect(fired.count == 1)
    }

    @Test("one for the distant future never fires and can still be moved earlier")
    func distantFuture() throws {
        let loop = try EventLoop()
        let timer = LoopTimer(loop: loop) { loop.stop() }
        timer.schedule(at: .distantFuture)
        timer.schedule(after: .milliseconds(1))
        loop.runToStop()
        #expect(!timer.isScheduled)
    }

    @Test("one that is cancelled does not fire")
    func cancelled() throws {
        let loop = try EventLoop()
        var fired = false
        let timer = LoopTimer(loop: loop) { fired = true }
        let end = LoopTimer(loop: loop) { loop.stop() }
        timer.schedule(after: .milliseconds(1))
        timer.cancel()
        #expect(!timer.isScheduled)
        end.schedule(after: .milliseconds(30))
        loop.runToStop()
        #expect(!fired)
    }

    @Test("one that is cancelled and scheduled again fires at the new deadline alone", arguments: [-1, 30] as [Int64])
    func cancelledAndScheduled(milliseconds: Int64) throws {
        let loop = try EventLoop()
        let deadline = loop.now + .milliseconds(10 + milliseconds)
        var fired = 0
        let timer = LoopTimer(loop: loop) {
            fired += 1
            #expect(Self.isDue(deadline))
        }
        let end = LoopTimer(loop: loop) { loop.stop() }
        timer.schedule(after: .milliseconds(10))
        timer.cancel()
        timer.schedule(at: deadline)
        end.schedule(at: deadline + .milliseconds(30))
        loop.runToStop()
        #expect(fired == 1)
    }

    @Test("can be scheduled again in its own callback")
    func repeated() throws {
        let loop = try EventLoop()
        var fired = 0
        var timer: LoopTimer?
        timer = LoopTimer(loop: loop) {
            fired += 1
            #expect(timer?.isScheduled == false)
            if fired == 3 { loop.stop() } else { timer?.schedule(after: .milliseconds(1)) }
        }
        timer?.schedule(after: .milliseconds(1))
        loop.runToStop()
        #expect(fired == 3)
        timer = nil
    }

    @Test("one that is let go does not fire")
    func letGo() throws {
        let loop = try EventLoop()
        var fired = false
        var timer: LoopTimer? = LoopTimer(loop: loop) { fired = true }
        timer?.schedule(after: .milliseconds(1))
        timer = nil
        let end = LoopTimer(loop: loop) { loop.stop() }
        end.schedule(after: .milliseconds(30))
        loop.runToStop()
        #expect(!fired)
    }

    @Test("can be let go by its own callback")
    func letGoByItself() throws {
        let loop = try EventLoop()
        var timer: LoopTimer?
        weak var gone: LoopTimer?
        timer = LoopTimer(loop: loop) {
            timer = nil
            loop.stop()
        }
        gone = timer
        timer?.schedule(after: .milliseconds(1))
        loop.runToStop()
        #expect(gone == nil)
    }

    @Test("one that its own callback schedules for the past fires in the next pass, not in this one")
    func scheduledForThePast() throws {
        let loop = try EventLoop()
        var passes: [UInt64] = []
        var timer: LoopTimer?
        timer = LoopTimer(loop: loop) {
            passes.append(loop.passCount)
            if passes.count == 3 { loop.stop() } else { timer?.schedule(after: .seconds(-1)) }
        }
        timer?.schedule(after: .seconds(-1))
        loop.runToStop()
        #expect(Set(passes).count == 3)
        timer = nil
    }

    @Test("one that another's callback lets go does not fire, though both are due")
    func letGoByAnother() throws {
        let loop = try EventLoop()
        var second: LoopTimer?
        let first = LoopTimer(loop: loop) { second = nil }
        second = LoopTimer(loop: loop) { Issue.record("fired after it was let go") }
        first.schedule(after: .seconds(-2))
        second?.schedule(after: .seconds(-1))
        let end = LoopTimer(loop: loop) { loop.stop() }
        end.schedule(after: .milliseconds(20))
        loop.runToStop()
        #expect(second == nil)
    }

    @Test("many timers all fire, once, none of them early, whatever order they were scheduled in")
    func many() throws {
        let loop = try EventLoop()
        let start = loop.now
        var fired: [Int] = []
        let timers = (0..<50).map { number in
            LoopTimer(loop: loop) {
                fired.append(number)
                #expect(Self.isDue(start + .milliseconds(number)))
                if fired.count == 50 { loop.stop() }
            }
        }
        for number in (0..<50).shuffled() { timers[number].schedule(at: start + .milliseconds(number)) }
        loop.runToStop()
        #expect(fired.sorted() == Array(0..<50))
    }

    @Test("the first instant is over, the last one is no deadline, and the one before it never comes")
    func extremes() throws {
        let loop = try EventLoop()
        let never = LoopTimer(loop: loop) { Issue.record("fired without a deadline") }
        never.schedule(after: .milliseconds(1))
        never.schedule(at: .distantFuture)
        never.schedule(after: .seconds(Int64.max))
        let late = LoopTimer(loop: loop) { Issue.record("fired at the end of all time") }
        late.schedule(at: MonotonicInstant(nanoseconds: .max - 1))
        let over = LoopTimer(loop: loop) { loop.stop() }
        over.schedule(at: MonotonicInstant(nanoseconds: .min))
        loop.runToStop()
        #expect(!never.isScheduled)
        #expect(late.isScheduled)
    }
}
