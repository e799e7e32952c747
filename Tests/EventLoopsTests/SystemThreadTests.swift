import EventLoops
import Foundation
import Testing
import Vocabulary

@Suite("SystemThread")
struct SystemThreadTests {
    @Test("bears its name, cut to 15 bytes, and leaves all signals to others")
    func nameAndSignals() throws {
        let name = Handover<String>()
        let blocked = Handover<[Bool]>()
        let thread = try SystemThread.start(name: "a name that is too long") {
            name.give((try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? "")
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            blocked.give([SIGTERM, SIGHUP, SIGINT, SIGPIPE].map { sigismember(&mask, $0) == 1 })
        }
        #expect(name.take() == "a name that is \n")
        #expect(blocked.take() == [true, true, true, true])
        thread.join()
    }

    @Test("one in the background has a lower priority, and it alone")
    func background() throws {
        for (isBackground, nice) in [(true, 10), (false, 0)] {
            let statistics = Handover<String>()
            let thread = try SystemThread.start(name: "quiet", isBackground: isBackground) {
                statistics.give((try? String(contentsOfFile: "/proc/thread-self/stat", encoding: .utf8)) ?? "")
            }
            // proc_pid_stat(5): the name, in parentheses, is the second field, the nice value the nineteenth.
            let fields = statistics.take().split(separator: ")").last?.split(separator: " ") ?? []
            let own = try String(contentsOfFile: "/proc/thread-self/stat", encoding: .utf8)
            let ownFields = own.split(separator: ")").last?.split(separator: " ") ?? []
            try #require(fields.count > 16 && ownFields.count > 16)
            #expect(Int(fields[16]) == max(nice, Int(ownFields[16]) ?? 0))
            thread.join()
        }
    }

    @Test("the thread that starts another keeps its own signals")
    func starterKeepsItsMask() throws {
        var (before, after) = (sigset_t(), sigset_t())
        pthread_sigmask(SIG_BLOCK, nil, &before)
        try SystemThread.start(name: "other") {}.join()
        pthread_sigmask(SIG_BLOCK, nil, &after)
        for signal in 1..<Int32(32) { #expect(sigismember(&before, signal) == sigismember(&after, signal)) }
    }

    @Test("join waits for the body's end, and a second one for nothing")
    func join() throws {
        let gate = SystemSemaphore()
        let steps = Guarded<[Int]>([])
        let thread = try SystemThread.start(name: "joined") {
            gate.wait()
            steps.withLock { $0.append(1) }
        }
        gate.signal()
        thread.join()
        #expect(steps.withLock { $0 } == [1])
        thread.join()
    }
}
