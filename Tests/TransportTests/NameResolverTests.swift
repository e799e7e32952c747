import EventLoops
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("NameResolver")
struct NameResolverTests {
    /// What an answer says: addresses, or the fault's text.
    private enum Said: Equatable, Sendable {
        case addresses([String])
        case fault(String)

        init(_ result: Result<[SocketAddress], ResolveFault>) {
            switch result {
            case .success(let addresses): self = .addresses(addresses.map(\.description))
            case .failure(let fault): self = .fault(fault.description)
            }
        }
    }

    private func ask(_ resolver: NameResolver, _ host: String, port: UInt16 = 80) -> Said {
        let answer = Handover<Said>()
        resolver.resolve(host: host, port: port) { answer.give(Said($0)) }
        return answer.take()
    }

    /// A name server that a test leads: each look-up waits for `answer` and is counted.
    private final class NameServer: Sendable {
        let asked = Guarded<[String]>([])
        let begun = SystemSemaphore()
        let mayAnswer = SystemSemaphore()
        private let answer = Guarded<Result<[SocketAddress], ResolveFault>>(.success([]))

        func set(_ text: String?) {
            let addresses = text.flatMap { SocketAddress(literal: $0, port: 0) }
            answer.withLock {
                $0 = addresses.map { .success([$0]) } ?? .failure(ResolveFault(description: "no such name"))
            }
        }

        func lookUp(_ host: String) -> Result<[SocketAddress], ResolveFault> {
            asked.withLock { $0.append(host) }
            begun.signal()
            mayAnswer.wait()
            return answer.withLock { $0 }
        }

        func resolver(freshFor: Duration, usableFor: Duration) throws -> NameResolver {
            try NameResolver(freshFor: freshFor, usableFor: usableFor) { [self] in lookUp($0) }
        }
    }

    @Test("answers an IP literal at once, without a look-up")
    func literal() throws {
        let server = NameServer()
        let resolver = try server.resolver(freshFor: .zero, usableFor: .zero)
        for (host, expected) in [("10.1.2.3", "10.1.2.3:80"), ("2001:db8::1", "[2001:db8::1]:80")] {
            let answer = Guarded<Said?>(nil)
            resolver.resolve(host: host, port: 80) { result in answer.withLock { $0 = Said(result) } }
            #expect(answer.withLock { $0 } == .addresses([expected]))
        }
        #expect(server.asked.withLock { $0 }.isEmpty)
    }

    @Test("finds localhost, and says of an unknown name which it was")
    func real() throws {
        let resolver = try NameResolver()
        guard case .addresses(let addresses) = ask(resolver, "localhost", port: 4711) else {
            Issue.record("localhost has no address")
            return
        }
        #expect(addresses.contains("127.0.0.1:4711") || addresses.contains("[::1]:4711"))
        #expect(Set(addresses).count == addresses.count)

        guard case .fault(let text) = ask(resolver, "no-such-name.invalid") else {
            Issue.record("the name has an address")
            return
        }
        #expect(text.hasPrefix("no-such-name.invalid: "))
        #expect(throws: ResolveFault.self) { try NameResolver.resolveNow(host: "", port: 1).get() }
        #expect(try NameResolver.resolveNow(host: "localhost", port: 7).get().allSatisfy { $0.port == 7 })
    }

    @Test("a fresh answer serves again at once, for any port")
    func fresh() throws {
        let server = NameServer()
        server.set("10.0.0.1")
        let resolver = try server.resolver(freshFor: .seconds(3_600), usableFor: .seconds(3_600))
        server.mayAnswer.signal()
        #expect(ask(resolver, "vendor") == .addresses(["10.0.0.1:80"]))
        server.set("10.0.0.2")
        let answer = Guarded<Said?>(nil)
        resolver.resolve(host: "vendor", port: 443) { result in answer.withLock { $0 = Said(result) } }
        #expect(answer.withLock { $0 } == .addresses(["10.0.0.1:443"]))
        #expect(server.asked.withLock { $0 } == ["vendor"])
    }

    /// Asks, and expects to be answered before the call returns.
    private func askAtOnce(_ resolver: NameResolver, _ host: String) -> Said? {
        let answer = Guarded<Said?>(nil)
        resolver.resolve(host: host, port: 80) { result in answer.withLock { $0 = Said(result) } }
        return answer.withLock { $0 }
    }

    @Test("an answer that is not fresh any more serves at once, while the name is looked up behind to replace it")
    func notFresh() throws {
        let server = NameServer()
        server.set("10.0.0.1")
        let resolver = try server.resolver(freshFor: .zero, usableFor: .seconds(3_600))
        server.mayAnswer.signal()
        #expect(ask(resolver, "vendor") == .addresses(["10.0.0.1:80"]))
        server.begun.wait()
        server.set("10.0.0.2")
        #expect(askAtOnce(resolver, "vendor") == .addresses(["10.0.0.1:80"]))
        server.begun.wait()
        server.mayAnswer.signal()
        let deadline = Deadline.generous
        while askAtOnce(resolver, "vendor") != .addresses(["10.0.0.2:80"]) {
            // Further look-ups find the same.
            server.mayAnswer.signal()
            try #require(!deadline.hasPassed, "the new address is never used")
        }
    }

    @Test("a silent name server keeps nobody waiting who has a usable answer, and is asked once")
    func silent() throws {
        let server = NameServer()
        server.set("10.0.0.1")
        let resolver = try server.resolver(freshFor: .zero, usableFor: .seconds(3_600))
        server.mayAnswer.signal()
        #expect(ask(resolver, "vendor") == .addresses(["10.0.0.1:80"]))
        for _ in 0..<100 { #expect(askAtOnce(resolver, "vendor") == .addresses(["10.0.0.1:80"])) }
        for _ in 0..<2 { server.begun.wait() }
        #expect(server.asked.withLock { $0 } == ["vendor", "vendor"])
        server.mayAnswer.signal()
    }

    @Test("when a look-up fails, the last good answer serves as long as it is usable")
    func lastGood() throws {
        for (usableFor, expected) in [
            (Duration.seconds(3_600), Said.addresses(["10.0.0.1:80"])), (.zero, .fault("no such name")),
        ] {
            let server = NameServer()
            server.set("10.0.0.1")
            let resolver = try server.resolver(freshFor: .zero, usableFor: usableFor)
            for _ in 0..<4 { server.mayAnswer.signal() }
            #expect(ask(resolver, "vendor") == .addresses(["10.0.0.1:80"]))
            server.set(nil)
            for _ in 0..<3 { #expect(ask(resolver, "vendor") == expected) }
        }
    }

    @Test("a name whose server is silent leaves the look-up of another name alone")
    func silentBesideAnother() throws {
        let end = SystemSemaphore()
        let resolver = try NameResolver(freshFor: .zero, usableFor: .zero) { host in
            if host == "silent" { end.wait() }
            return .failure(ResolveFault(description: host))
        }
        let late = Handover<Said>()
        resolver.resolve(host: "silent", port: 80) { late.give(Said($0)) }
        #expect(ask(resolver, "other") == .fault("other"))
        end.signal()
        #expect(late.take() == .fault("silent"))
    }

    @Test("questions for a name that is being looked up wait for that look-up; other names have their own")
    func collapsed() throws {
        let server = NameServer()
        server.set("10.0.0.1")
        let resolver = try server.resolver(freshFor: .zero, usableFor: .zero)
        let answers = Guarded<[Said]>([])
        let answered = SystemSemaphore()
        let ask: @Sendable (String, UInt16) -> Void = { host, port in
            resolver.resolve(host: host, port: port) { result in
                answers.withLock { $0.append(Said(result)) }
                answered.signal()
            }
        }
        ask("vendor", 1)
        server.begun.wait()
        for port in 2...20 { ask("vendor", UInt16(port)) }
        ask("other", 99)
        #expect(answers.withLock { $0 }.isEmpty)
        // Enough for as many look-ups as there are questions.
        for _ in 0..<21 { server.mayAnswer.signal() }
        for _ in 0..<21 { #expect(answered.wait(atMost: .seconds(30))) }
        #expect(server.asked.withLock { $0 } == ["vendor", "other"])
        let expected = (1...20).map { Said.addresses(["10.0.0.1:\($0)"]) } + [.addresses(["10.0.0.1:99"])]
        // Another name's look-up has a thread of its own, and may be done at any time.
        let (vendors, others) = (expected.dropLast(), expected.suffix(1))
        #expect(answers.withLock { $0.filter { !others.contains($0) } } == Array(vendors))
        #expect(answers.withLock { $0.filter(others.contains) } == Array(others))
    }

    @Test("a fault is told to all who wait, and the next question looks the name up again")
    func fault() throws {
        let server = NameServer()
        server.set(nil)
        let resolver = try server.resolver(freshFor: .seconds(3_600), usableFor: .seconds(3_600))
        for _ in 0..<2 { server.mayAnswer.signal() }
        #expect(ask(resolver, "vendor") == .fault("no such name"))
        server.set("10.0.0.1")
        #expect(ask(resolver, "vendor") == .addresses(["10.0.0.1:80"]))
    }

    @Test("a resolver that is let go is freed, though its thread waits for questions")
    func letGo() throws {
        final class Token: Sendable {
            let gone: SystemSemaphore
            init(gone: SystemSemaphore) { self.gone = gone }
            deinit { gone.signal() }
        }
        let gone = SystemSemaphore()
        var resolver: NameResolver? = try { [token = Token(gone: gone)] in
            try NameResolver(freshFor: .zero, usableFor: .zero) { _ in
                withExtendedLifetime(token) { .failure(ResolveFault(description: "none")) }
            }
        }()
        #expect(resolver.map { ask($0, "vendor") } == .fault("none"))
        resolver = nil
        #expect(gone.wait(atMost: .seconds(30)))
    }
}
