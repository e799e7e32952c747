import Cryptography
import JSON
import Oracles
import TestSupport
import Testing

@testable import Keying

/// `Tests/Benchmarks/hostile-bodies` measures how long they take.
@Suite("Bodies of hostile shapes")
struct HostileBodyTests {
    private static let bodies = HostileBody.all(length: 20_000)

    @Test("are accepted or refused as they should be, and what is accepted means itself", arguments: bodies)
    func verdict(_ body: HostileBody) throws {
        let reader = ClassifyReader()
        guard let request = try? reader.read(body.bytes.span, schemaOrder: .insignificant) else {
            #expect(!body.isAccepted)
            return
        }
        #expect(body.isAccepted)
        #expect(request.canonical.count <= body.bytes.count + 64)
        #expect(try reader.read(request.canonical.span, schemaOrder: .insignificant).canonical == request.canonical)
    }

    /// Computed by version 0.5.0, which made the canonical form in another way. A change of it invalidates the stored
    /// results; the version in the key format must then change with it.
    @Test("keep the keys that they always had")
    func golden() {
        let reader = ClassifyReader()
        let hasher = SHA256Hasher()
        var keys: [UInt8] = []
        for body in Self.bodies {
            if let request = try? reader.read(body.bytes.span, schemaOrder: .insignificant) {
                keys += request.key(in: organisation, with: hasher).digest.bytes
            }
        }
        let digest = hasher.digest(keys).description
        #expect(digest == "3285b11dcbd622287991f37333193a581b0c7f566eba64e3d886fdd1eb03ebeb")
    }

    @Test("the members of objects of any size stand in the order of what their names say")
    func memberOrder() throws {
        var random = SeededGenerator()
        let seed = random.seed
        let parts = ["a", "b", "\u{E9}", "\"", "\u{0}", "\n", "aaaaaaaa", "\u{1F600}"].map(Text.init)
        for round in 0..<200 {
            var members: [Text: Tree] = [:]
            for number in 0..<Int.random(in: 0...30, using: &random) {
                var name = random.pick(parts)
                name.scalars += random.pick(parts).scalars
                members[name] = .number("\(number)")
            }
            let names = members.keys.sorted { Array($0.string.utf8).lexicographicallyPrecedes(Array($1.string.utf8)) }
            var speller = Speller(random: SeededGenerator(seed: random.next()))
            let text = try canonicalForm(Array(speller.spell(Tree.object(members)).utf8))
            guard case .object(let found) = try JSONValue.parse(text.span) else {
                Issue.record("no object, seed \(seed), round \(round)")
                return
            }
            try #require(found.map { Text($0.name) } == names, "seed \(seed), round \(round)")
        }
    }
}
