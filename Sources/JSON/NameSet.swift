import Vocabulary

/// The names of an object: sorts them by their bytes, as the canonical form requires, and detects duplicates on the
/// way. Confined to its reader; its memory is reused.
///
/// It sorts instead of hashing, so there are no collisions to attack.
struct NameSet: ~Copyable {
    /// The result for the members of an object.
    enum Outcome {
        /// The names are already in ascending order.
        case asItStands
        /// The members were reordered on the tape.
        case changed
        /// The offset of a name that repeats an earlier one.
        case repeated(Int)
    }

    private var texts = TextOrder()
    private var unescaped = ByteWriter(capacity: 16)

    /// Checks and sorts a closed object of at least two members.
    mutating func putInOrder(_ object: Int, of tape: JSONTape, _ bytes: UnsafeBufferPointer<UInt8>) -> Outcome {
        texts.removeAll()
        unescaped.removeAll()
        tape.forEachMember(of: object) { name, _ in
            let node = unsafe tape.nodes[name]
            let number = UInt32(truncatingIfNeeded: name)
            guard node.hasEscapes else { return texts.append(number, node.range) }
            let start = unescaped.count
            unsafe JSONContent.append(node, bytes, to: &unescaped)
            texts.append(number, start..<unescaped.count, inSecond: true)
        }
        let repeated = unescaped.withBytes { unescaped in
            unsafe unescaped.withUnsafeBufferPointer { unescaped -> (isChanged: Bool, name: UInt32?) in
                let memories = unsafe TextOrder.Memories(first: bytes, second: unescaped)
                guard texts.sort(memories) else { return (false, nil) }
                return (true, texts.firstRepeated(memories))
            }
        }
        if let name = repeated.name { return unsafe .repeated(Int(tape.nodes[Int(name)].start) - 1) }
        guard repeated.isChanged else { return .asItStands }
        tape.reorder(object, texts.numbers)
        return .changed
    }
}
