import Glibc
import Vocabulary

/// Finds two members of one name in an object. Confined to its reader; its memory is used again.
///
/// Few names that are as they stand in the text are compared each with each. Others are put into the order of their
/// bytes, which the canonical form wants in any case and which the tape is told. Nothing is hashed, so that there are no
/// names that collide.
struct NameSet: ~Copyable {
    /// So many names are compared each with each; there are as many `words`.
    private static let pairwiseMax = 12
    private static let keptMax = 1 << 14

    private var names: [UInt32] = []
    private var words = InlineArray<12, UInt64>(repeating: 0)
    private var texts = TextOrder()
    private var unescaped = ByteWriter(capacity: 16)

    /// The offset of a name that stood in the object before.
    mutating func firstDuplicate(
        of object: Int,
        in tape: JSONTape,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        names.removeAll(keepingCapacity: names.capacity <= Self.keptMax)
        var hasEscapes = false
        tape.forEachMember(of: object) { name, _ in
            names.append(UInt32(truncatingIfNeeded: name))
            if tape.nodes[name].hasEscapes { hasEscapes = true }
        }
        let isShort = names.count <= Self.pairwiseMax && !hasEscapes
        let found = isShort ? pairwise(tape, bytes) : sorted(object, tape, bytes)
        return found.map { Int(tape.nodes[Int($0)].start) - 1 }
    }

    private mutating func pairwise(_ tape: JSONTape, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
        for index in names.indices {
            let node = tape.nodes[Int(names[index])]
            let word = node.word(bytes)
            for earlier in 0..<index where words[earlier] == word {
                if Self.areEqual(tape.nodes[Int(names[earlier])], node, bytes) { return names[index] }
            }
            words[index] = word
        }
        return nil
    }

    private static func areEqual(
        _ one: JSONTape.Node,
        _ other: JSONTape.Node,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard one.range.count == other.range.count, let base = bytes.baseAddress else { return false }
        return memcmp(base + Int(one.start), base + Int(other.start), one.range.count) == 0
    }

    private mutating func sorted(
        _ object: Int,
        _ tape: JSONTape,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> UInt32? {
        guard let base = bytes.baseAddress else { return nil }
        texts.removeAll()
        unescaped.removeAll()
        for name in names {
            let node = tape.nodes[Int(name)]
            guard node.hasEscapes else {
                texts.append(name, node.range)
                continue
            }
            let start = unescaped.count
            JSONContent.append(node, bytes, to: &unescaped)
            texts.append(name, start..<unescaped.count, inSecond: true)
        }
        let repeated = unescaped.withBytes { unescaped in
            unescaped.withUnsafeBufferPointer { unescaped -> UInt32? in
                let memories = TextOrder.Memories(first: base, second: unescaped.baseAddress ?? base)
                texts.sort(memories)
                return texts.firstRepeated(memories)
            }
        }
        if repeated == nil { tape.setOrder(of: object, texts.numbers) }
        return repeated
    }
}
