import EventLoops
import Glibc
import Testing

/// Each in a process of its own, so that no other test runs out of anything.
@Suite("A process that has run out of something")
struct ExhaustionTests {
    @Test("a loop is made or is told to be impossible, with any number of descriptors", arguments: 0...8)
    func loop(spare: Int) async {
        await #expect(processExitsWith: .success) { [spare] in
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
            var taken: [Int32] = []
            while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
            for descriptor in taken.prefix(spare) { close(descriptor) }
            do throws(EventLoop.Fault) {
                let loop = try EventLoop()
                loop.later { loop.stop() }
                loop.run()
                precondition(spare >= 3, "a loop out of nothing")
            } catch {
                precondition(spare < 5, error.description)
                precondition(error.description.contains("Too many open files"), error.description)
                precondition(error.description.contains("LimitNOFILE"), error.description)
            }
        }
    }

    @Test("a mailbox and a thread with a loop are told to be impossible")
    func mailbox() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var limit = rlimit(rlim_cur: 3, rlim_max: 3)
            setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
            do throws(EventLoop.Fault) {
                _ = try Mailbox<Int>(loop: loop) { _ in }
                preconditionFailure("a mailbox out of nothing")
            } catch {
                precondition(error.description.contains("a mailbox: eventfd(2): Too many open files"))
            }
            do throws(EventLoop.Fault) {
                _ = try LoopThread.start(name: "impossible") { _ in preconditionFailure("the body was run") }
                preconditionFailure("a loop out of nothing")
            } catch {
                precondition(error.description.contains("an event loop: eventfd(2): Too many open files"))
            }
        }
    }

    @Test("a thread is told to be impossible when there is no memory for its stack")
    func thread() async throws {
        await #expect(processExitsWith: .success) {
            // A default of the process that no address space has room for. A limit on the memory of the process would
            // end a sanitizer's, which needs some for a thread itself.
            typealias SetDefault = @convention(c) (UnsafePointer<pthread_attr_t>) -> Int32
            let symbol = try #require(dlsym(nil, "pthread_setattr_default_np"))
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            precondition(pthread_attr_setstacksize(&attributes, 1 << 47) == 0)
            precondition(unsafeBitCast(symbol, to: SetDefault.self)(&attributes) == 0)
            do throws(EventLoop.Fault) {
                _ = try SystemThread.start(name: "impossible") {}
                preconditionFailure("a thread out of nothing")
            } catch {
                precondition(error.description.hasPrefix("a thread: pthread_create(3): "))
            }
        }
    }
}
