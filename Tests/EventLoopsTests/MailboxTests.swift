import EventLoops
import Testing
import Vocabulary

@Suite("Mailbox")
struct MailboxTests {
    @Test("messages that were posted before the loop runs come in the order of their posts")
    func order() throws {
        let loop = try EventLoop()
        var received: [Int] = []
        let mailbox = try Mailbox<Int>(loop: loop) { message in
            received.append(message)
            if message == 99 { loop.stop() }
        }
        for message in 0..<100 { mailbox.post(message) }
        #expect(received.isEmpty, "a message came from within its post")
        loop.runToStop()
        #expect(received == Array(0..<100))
    }

    @Test("a message that is posted by a message's own callback comes too")
    func postedInside() throws {
        let loop = try EventLoop()
        var received: [Int] = []
        var mailbox: Mailbox<Int>?
        mailbox = try Mailbox(loop: loop) { message in
            received.append(message)
            if message == 1_000 { loop.stop() } else { mailbox?.post(message + 1) }
        }
        mailbox?.post(1)
        loop.runToStop()
        #expect(received == Array(1...1_000))
        mailbox = nil
    }

    @Test("messages of several threads all come, once, and those of each thread in its order")
    func burst() throws {
        let (threads, each) = (4, 20_000)
        let loop = try EventLoop()
        var received = [[Int]](repeating: [], count: threads)
        var count = 0
        let mailbox = try Mailbox<(thread: Int, number: Int)>(loop: loop) { message in
            received[message.thread].append(message.number)
            count += 1
            if count == threads * each { loop.stop() }
        }
        let posters = try (0..<threads).map { thread in
            try SystemThread.start(name: "poster") {
                for number in 0..<each { mailbox.post((thread, number)) }
            }
        }
        loop.runToStop()
        for poster in posters { poster.join() }
        // Compared apart from the expectation, which would look for all differences.
        let isInOrder = received.allSatisfy { $0 == Array(0..<each) }
        #expect(isInOrder)
    }

    @Test("two mailboxes of two loops pass a message to and fro")
    func pingPong() throws {
        let loop = try EventLoop()
        let home = Guarded<Mailbox<Int>?>(nil)
        let away = try LoopThread.start(name: "away") { _ in }
        let mailbox = try Mailbox<Int>(loop: loop) { message in
            if message == 2_000 { return loop.stop() }
            away.post { _ in home.withLock { $0?.post(message + 1) } }
        }
        home.withLock { $0 = mailbox }
        mailbox.post(0)
        loop.runToStop()
        away.post { $0.stop() }
        away.join()
        home.withLock { $0 = nil }
    }

    @Test("what is posted after the loop has ended is dropped")
    func afterTheEnd() throws {
        let loop = try EventLoop()
        var received: [Int] = []
        let mailbox = try Mailbox<Int>(loop: loop) { message in
            received.append(message)
            loop.stop()
        }
        mailbox.post(1)
        loop.runToStop()
        mailbox.post(2)
        loop.run()
        #expect(received == [1])
    }
}
