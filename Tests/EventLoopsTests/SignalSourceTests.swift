import EventLoops
import Glibc
import Testing

// One at a time: a process can watch signals from one loop only.
@Suite("SignalSource", .serialized)
struct SignalSourceTests {
    @Test("calls back in its loop for each time that the signal comes")
    func callsBack() throws {
        let loop = try EventLoop()
        var count = 0
        let source = SignalSource(loop: loop, signal: SIGUSR2) {
            loop.preconditionInLoop()
            count += 1
            if count == 3 { loop.stop() } else { kill(getpid(), SIGUSR2) }
        }
        kill(getpid(), SIGUSR2)
        withExtendedLifetime(source) { loop.runToStop() }
        #expect(count == 3)
    }

    @Test("gives the signal back to the handler that had it before")
    func givesBack() throws {
        let loop = try EventLoop()
        signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, SIG_DFL) }
        var count = 0
        var source: SignalSource? = SignalSource(loop: loop, signal: SIGUSR2) { count += 1 }
        #expect(source != nil)
        source = nil
        // Ignored again, or it would end the process.
        kill(getpid(), SIGUSR2)
        let end = LoopTimer(loop: loop) { loop.stop() }
        end.schedule(after: .milliseconds(1))
        loop.runToStop()
        #expect(count == 0)
    }
}
