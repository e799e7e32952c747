import Vocabulary

/// Puts the members of an object in the order of their names' bytes, which the canonical form wants, and finds two of one
/// name on the way. Confined to its reader; its memory is used again.
///
/// Nothing is hashed, so that there are no names that collide.
struct NameSet: ~Copyable {
    /// What there is to say of an object's members.
    enum Outcome {
        /// Each name stands behind the lower ones.
        case asItStands
        /// The tape was told another order.
        case changed
        /// The offset of a name that stood in the object before.
        case repeated(Int)
    }

    private var texts = TextOrder()
    private var unescaped = ByteWriter(capacity: 16)

    /// Looks at a closed object of two members or more.
    mutating func putInOrder(_ object: Int, of tape: JSONTape, _ bytes: UnsafeBufferPointer<UInt8>) -> Outcome {
        texts.removeAll()
        unescaped.removeAll()
        tape.forEachMember(of: object) { name, _ in
            let node = tape.nodes[name]
            let number = UInt32(truncatingIfNeeded: name)
            guard node.hasEscapes else { return texts.append(number, node.range) }
            let start = unescaped.count
            JSONContent.append(node, bytes, to: &unescaped)
            texts.append(number, start..<unescaped.count, inSecond: true)
        }
        let repeated = unescaped.withBytes { unescaped in
            unescaped.withUnsafeBufferPointer { unescaped -> (isChanged: Bool, name: UInt32?) in
                let memories = TextOrder.Memories(first: bytes, second: unescaped)
                guard texts.sort(memories) else { return (false, nil) }
                return (true, texts.firstRepeated(memories))
            }
        }
        if let name = repeated.name { return .repeated(Int(tape.nodes[Int(name)].start) - 1) }
        guard repeated.isChanged else { return .asItStands }
        tape.reorder(object, texts.numbers)
        return .changed
    }
}
