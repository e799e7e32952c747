/// Finds two members of one name in an object. Confined to its reader; its memory is used again.
///
/// Few names are compared each with each; many are sorted by a hash that is seeded for the process, so that nobody can
/// send names that make the search slow.
struct NameSet {
    private static let pairwiseMax = 12

    private var names: [Int] = []
    private var hashes: [(hash: Int, name: Int)] = []

    /// The offset of a name that stood in the object before.
    mutating func firstDuplicate(
        of object: Int,
        in tape: JSONTape,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        names.removeAll(keepingCapacity: true)
        tape.forEachMember(of: object) { name, _ in names.append(name) }
        let found = names.count <= Self.pairwiseMax ? pairwise(tape, bytes) : sorted(tape, bytes)
        return found.map { Int(tape.nodes[$0].start) - 1 }
    }

    private func pairwise(_ tape: JSONTape, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        for (index, name) in names.enumerated() {
            for earlier in names[..<index] where Self.areEqual(tape.nodes[earlier], tape.nodes[name], bytes) {
                return name
            }
        }
        return nil
    }

    private mutating func sorted(_ tape: JSONTape, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        hashes.removeAll(keepingCapacity: true)
        for name in names { hashes.append((Self.hash(tape.nodes[name], bytes), name)) }
        hashes.sort { $0.hash < $1.hash }
        for index in 1..<hashes.count {
            // Equal hashes of different names are as rare as collisions of 64 bits: looking back is no loop to fear.
            var earlier = index - 1
            while earlier >= 0, hashes[earlier].hash == hashes[index].hash {
                let (one, other) = (hashes[earlier].name, hashes[index].name)
                if Self.areEqual(tape.nodes[one], tape.nodes[other], bytes) { return max(one, other) }
                earlier -= 1
            }
        }
        return nil
    }

    private static func hash(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        if node.hasEscapes {
            JSONContent.bytes(node, bytes).withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[node.range]))
        }
        return hasher.finalize()
    }

    private static func areEqual(
        _ one: JSONTape.Node,
        _ other: JSONTape.Node,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        if one.hasEscapes || other.hasEscapes {
            return JSONContent.bytes(one, bytes) == JSONContent.bytes(other, bytes)
        }
        return one.range.count == other.range.count && bytes[one.range].elementsEqual(bytes[other.range])
    }
}
