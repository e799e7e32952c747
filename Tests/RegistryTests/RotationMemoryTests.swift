import Testing
import Vocabulary

@testable import Registry

@Suite("Rotations that are repeated")
struct RotationMemoryTests {
    private let digest = Samples.digest("request")

    @Test("the same request of the same key finds its secret until its time is over")
    func lifetime() {
        var memory = RotationMemory()
        let end = Samples.now + RotationMemory.lifetime
        memory.remember("s", of: "k", requestDigest: digest, until: end, now: Samples.now)
        #expect(memory.secret(of: "k", requestDigest: digest, at: end + .microseconds(-1)) == "s")
        #expect(memory.secret(of: "k", requestDigest: digest, at: end) == nil)
        #expect(memory.secret(of: "other", requestDigest: digest, at: Samples.now) == nil)
        #expect(memory.secret(of: "k", requestDigest: Samples.digest("another"), at: Samples.now) == nil)
        #expect(RotationMemory.lifetime == .seconds(600))
    }

    @Test("a revoked key's are forgotten, another one's are not")
    func forgotten() {
        var memory = RotationMemory()
        let end = Samples.now + .seconds(600)
        for key in ["k", "l"] as [TeamKeyID] {
            memory.remember("s", of: key, requestDigest: digest, until: end, now: Samples.now)
        }
        memory.forget(["k", "m"])
        #expect(memory.secret(of: "k", requestDigest: digest, at: Samples.now) == nil)
        #expect(memory.secret(of: "l", requestDigest: digest, at: Samples.now) == "s")
    }

    @Test("beyond its limit the oldest is forgotten")
    func limit() {
        var memory = RotationMemory()
        func remember(_ number: Int) {
            memory.remember(
                "s\(number)",
                of: TeamKeyID(rawValue: "k\(number)"),
                requestDigest: digest,
                until: Samples.now + .seconds(600 + Int64(number)),
                now: Samples.now
            )
        }
        for number in 0...RotationMemory.receiptsMax { remember(number) }
        #expect(memory.secret(of: "k0", requestDigest: digest, at: Samples.now) == nil)
        #expect(memory.secret(of: "k1", requestDigest: digest, at: Samples.now) == "s1")
        let last = TeamKeyID(rawValue: "k\(RotationMemory.receiptsMax)")
        #expect(memory.secret(of: last, requestDigest: digest, at: Samples.now) != nil)
    }

    @Test("over a restart it is found again where there is a master key, and not where it cannot be opened")
    func overARestart() throws {
        let registry = try Samples.registry()
        let sealed = try #require(registry.seal(rotation: "tg_x_y", of: "k"))
        let until = Samples.now + .seconds(600)
        let receipts = [
            RotationReceipt(key: "k", requestDigest: digest, sealedSecret: sealed, until: until),
            RotationReceipt(key: "moved", requestDigest: digest, sealedSecret: sealed, until: until),
            RotationReceipt(key: "k", requestDigest: Samples.digest("old"), sealedSecret: sealed, until: Samples.now),
        ]
        let memory = registry.memory(of: receipts, at: Samples.now)
        #expect(memory.secret(of: "k", requestDigest: digest, at: Samples.now) == "tg_x_y")
        #expect(memory.secret(of: "moved", requestDigest: digest, at: Samples.now) == nil)
        #expect(memory.secret(of: "k", requestDigest: Samples.digest("old"), at: Samples.now) == nil)
    }
}
