import EventLoops
import Testing

@Suite("LoopBound")
struct LoopBoundTests {
    @Test("is carried over another thread and gives its value back in the loop")
    func carried() throws {
        final class Confined { var count = 0 }
        let loop = try EventLoop()
        let confined = Confined()
        let bound = LoopBound(confined, loop: loop)
        let mailbox = try Mailbox<LoopBound<Confined>>(loop: loop) { message in
            message.value.count += 1
            loop.stop()
        }
        let thread = try SystemThread.start(name: "carrier") { mailbox.post(bound) }
        loop.runToStop()
        thread.join()
        #expect(confined.count == 1)
    }

    @Test("traps when the value is asked for on another thread")
    func traps() async throws {
        let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let bound = LoopBound(1, loop: try EventLoop())
            try SystemThread.start(name: "other") { _ = bound.value }.join()
        }
        #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("outside the loop's thread"))
    }
}
