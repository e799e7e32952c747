import Foundation
import JSON
import Oracles
import TestSupport
import Testing

@testable import Keying

/// A number that Foundation may have rounded: it reads some numbers of more than 15 digits less exactly than the
/// standard library.
private struct Rounded: Equatable {
    let value: Double

    static func == (left: Rounded, right: Rounded) -> Bool {
        abs(left.value - right.value) <= 1e-12 * max(abs(left.value), abs(right.value))
    }
}

/// A JSON value as read by Foundation or by StrictJSON, without the details on which they need not agree.
private indirect enum Understood: Equatable {
    case null
    case bool(Bool)
    case number(Rounded)
    case string([Unicode.Scalar])
    case array([Understood])
    case object([[Unicode.Scalar]: Understood])

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let text): self = .number(Rounded(value: Double(text) ?? .nan))
        case .string(let string): self = .string(Array(string.unicodeScalars))
        case .array(let elements): self = .array(elements.map(Understood.init))
        case .object(let members):
            let pairs = members.map { (Array($0.name.unicodeScalars), Understood($0.value)) }
            self = .object(Dictionary(uniqueKeysWithValues: pairs))
        }
    }

    init?(foundation value: Any) {
        switch value {
        case is NSNull: self = .null
        // Numbers and booleans are both NSNumber; only its internal type tells them apart.
        case let number as NSNumber:
            self =
                String(cString: number.objCType) == "c"
                ? .bool(number.boolValue) : .number(Rounded(value: number.doubleValue))
        case let string as String: self = .string(Array(string.unicodeScalars))
        case let elements as [Any]: self = .array(elements.compactMap(Understood.init(foundation:)))
        case let members as [String: Any]:
            let pairs = members.map { (Array($0.unicodeScalars), Understood(foundation: $1) ?? .null) }
            self = .object(Dictionary(uniqueKeysWithValues: pairs))
        default: return nil
        }
    }
}

@Suite("Strict JSON beside Foundation's reader")
struct StrictJSONFuzzTests {
    /// Numbers that both parsers keep exactly, and texts that Foundation does not treat as equal names.
    private struct Generator {
        var random: SeededGenerator

        mutating func tree(depth: Int) -> Tree {
            switch Int.random(in: 0..<(depth > 0 ? 8 : 4), using: &random) {
            case 0: return random.pick([.null, .bool(true), .bool(false)])
            case 1, 2: return .number(number())
            case 3: return .string(text())
            case 4, 5:
                var elements: [Tree] = []
                for _ in 0..<Int.random(in: 0...4, using: &random) { elements.append(tree(depth: depth - 1)) }
                return .array(elements)
            default:
                var members: [Text: Tree] = [:]
                for _ in 0..<Int.random(in: 0...4, using: &random) { members[text()] = tree(depth: depth - 1) }
                return .object(members)
            }
        }

        private mutating func number() -> String {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: "\(Int.random(in: -9...9, using: &random))"
            case 1: "\(Int.random(in: -(1 << 50)...(1 << 50), using: &random))"
            case 2: "\(Int.random(in: -999...999, using: &random)).\(Int.random(in: 0...7, using: &random))5"
            default:
                "\(Int.random(in: 1...99, using: &random))\(random.pick(["e", "E", "e+"]))\(Int.random(in: 0...9, using: &random))"
            }
        }

        private mutating func text() -> Text {
            let scalars: [Unicode.Scalar] = [
                "a", "b", "\"", "\\", "/", "\u{1}", "\n", "\u{7F}", "\u{4E2D}", "\u{1F600}", "{", "]", ",", "0",
            ]
            var text = Text("")
            for _ in 0..<Int.random(in: 0...4, using: &random) { text.scalars.append(random.pick(scalars)) }
            return text
        }
    }

    private func foundation(_ text: [UInt8]) -> Understood? {
        let value = try? JSONSerialization.jsonObject(with: Data(text), options: [.fragmentsAllowed])
        return value.flatMap { Understood(foundation: $0) }
    }

    /// Whether Foundation can represent all numbers of a text: a mutation may have joined two of them.
    private func hasModestNumbers(_ tree: Tree) -> Bool {
        switch tree {
        case .null, .bool, .string: true
        case .number(let text):
            text.utf8.count <= 20 && (text.lowercased().split(separator: "e").dropFirst().first?.utf8.count ?? 0) <= 3
        case .array(let elements): elements.allSatisfy(hasModestNumbers)
        case .object(let members): members.values.allSatisfy(hasModestNumbers)
        }
    }

    @Test("valid texts of any spelling are accepted, mean what they were written for, and mean the same to Foundation")
    func valid() throws {
        let seed = SeededGenerator().seed
        var generator = Generator(random: SeededGenerator(seed: seed))
        var speller = Speller(random: SeededGenerator(seed: ~seed))
        for number in 0..<1_500 {
            let tree = generator.tree(depth: 4)
            let text = Array(speller.spell(tree).utf8)
            var comment: Comment { "seed \(seed), text \(number): \(String(decoding: text, as: UTF8.self))" }
            let value = try JSONValue.parse(text.span)
            try #require(Tree(value) == tree, comment)
            try #require(foundation(text) == Understood(value), comment)
        }
    }

    @Test("whatever is accepted of spoilt texts means the same to Foundation")
    func spoilt() throws {
        let seed = SeededGenerator().seed
        var generator = Generator(random: SeededGenerator(seed: seed))
        var speller = Speller(random: SeededGenerator(seed: ~seed))
        let bytes = Array("{}[],:\"\\ \n\tutfn-.x/'\u{0}\u{7F}\u{1F600}".utf8) + [0xC0, 0xED, 0xF5, 0xFF]
        var accepted = 0
        for number in 0..<6_000 {
            var text = Array(speller.spell(generator.tree(depth: 3)).utf8)
            for _ in 0..<Int.random(in: 1...2, using: &generator.random) {
                let index = Int.random(in: 0...text.count, using: &generator.random)
                switch Int.random(in: 0..<4, using: &generator.random) {
                case 0: text.insert(generator.random.pick(bytes), at: index)
                case 1 where index < text.count: text[index] = generator.random.pick(bytes)
                case 2 where index < text.count: text.remove(at: index)
                default: text.removeSubrange(index...)
                }
            }
            guard let value = try? JSONValue.parse(text.span), hasModestNumbers(Tree(value)) else { continue }
            accepted += 1
            try #require(
                foundation(text) == Understood(value),
                "seed \(seed), text \(number): \(String(decoding: text, as: UTF8.self))"
            )
        }
        #expect(accepted > 100 && accepted < 5_000, "seed \(seed)")
    }
}
