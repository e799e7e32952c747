/// A JSON text as a row of nodes in document order: what `StrictJSON` makes of it. Confined to its reader; its memory is
/// used again.
///
/// Offsets are into the text, which must still be there when a node's content is looked at. The children of a
/// container follow it; in an object names and values take turns.
final class JSONTape {
    enum Kind: UInt8 { case object, array, string, number, yes, no, null }

    struct Node {
        var kind: Kind
        /// Strings only: something is escaped, so the content is not what stands in the text.
        var hasEscapes = false
        /// Containers only: what stands in the text is the canonical form already.
        var isCanonical = false
        /// Objects only: `start` and `end` bound its names in `order` instead of its text.
        var isOrdered = false
        /// The text: between the quotation marks of a string, all of anything else.
        var start: UInt32
        var end: UInt32
        /// The index of the node after this one and all that is in it.
        var next: UInt32

        var range: Range<Int> { Int(start)..<Int(end) }

        /// The first eight bytes of the text, the first one highest, with zeros behind its end: texts whose words differ are in
        /// the order of these.
        @inline(__always)
        func word(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
            let length = Int(end &- start)
            let begin = Int(start)
            if begin &+ 8 <= bytes.count {
                let word = UnsafeRawPointer(bytes.baseAddress!).loadUnaligned(fromByteOffset: begin, as: UInt64.self)
                // A shift by 64 gives 0, which takes away what is behind an empty text.
                return length >= 8 ? UInt64(bigEndian: word) : UInt64(bigEndian: word) & ~(UInt64.max >> (8 * length))
            }
            var word: UInt64 = 0
            for index in 0..<min(length, 8) { word |= UInt64(bytes[begin &+ index]) << (56 - 8 * index) }
            return word
        }
    }

    /// So many nodes may be room that is not needed; more only when as many are there.
    private static let spareMax = 1 << 20
    /// Memory for so many nodes is kept from one text to the next: 1 MiB.
    private static let keptMax = 1 << 16

    private var base: UnsafeMutablePointer<Node>?  // owned: deallocated in deinit and when it grows
    private var capacity = 0
    private(set) var count = 0
    /// The names of those objects that are ordered, each object's in the order of their bytes.
    private(set) var order: [UInt32] = []

    deinit { base?.deallocate() }

    /// Good until the next change.
    @inline(__always)
    var nodes: UnsafeMutableBufferPointer<Node> { UnsafeMutableBufferPointer(start: base, count: count) }

    func removeAll() {
        count = 0
        order.removeAll(keepingCapacity: order.capacity <= Self.keptMax)
        guard capacity > Self.keptMax else { return }
        base?.deallocate()
        (base, capacity) = (nil, 0)
    }

    /// Adds a node that has nothing in it so far.
    ///
    /// - Parameter textLeft: how many bytes stand behind the node's first one. A node takes two of them or more, its
    ///   comma or bracket counted, so that room is made once and not copied again and again; what is not written to
    ///   takes no memory.
    @inline(__always)
    func append(_ kind: Kind, hasEscapes: Bool = false, _ start: Int, _ end: Int, textLeft: Int) {
        if count == capacity { grow(textLeft) }
        // The text is below 2^31 bytes, and so is the number of nodes.
        let node = Node(
            kind: kind,
            hasEscapes: hasEscapes,
            start: UInt32(truncatingIfNeeded: start),
            end: UInt32(truncatingIfNeeded: end),
            next: UInt32(truncatingIfNeeded: count &+ 1)
        )
        (base.unsafelyUnwrapped + count).initialize(to: node)
        count &+= 1
    }

    @inline(never)
    private func grow(_ textLeft: Int) {
        let larger = count + min(textLeft / 2 + 16, max(count, Self.spareMax))
        let memory = UnsafeMutablePointer<Node>.allocate(capacity: larger)
        if let base {
            memory.update(from: base, count: count)
            base.deallocate()
        }
        (base, capacity) = (memory, larger)
    }

    /// Adds a container that is open.
    ///
    /// - Parameters:
    ///   - outer: which its node holds until it is closed.
    ///   - mark: likewise.
    @inline(__always)
    func open(_ kind: Kind, _ start: Int, within outer: UInt32, _ mark: UInt32, textLeft: Int) {
        append(kind, start, Int(mark), textLeft: textLeft)
        nodes[count &- 1].next = outer
    }

    /// The container ends before `end`, and all nodes behind it are in it; gives what its node held.
    @inline(__always)
    func close(_ container: Int, at end: Int) -> (outer: UInt32, mark: UInt32) {
        let node = nodes[container]
        nodes[container].end = UInt32(truncatingIfNeeded: end)
        nodes[container].next = UInt32(truncatingIfNeeded: count)
        return (node.next, node.end)
    }

    func setCanonical(_ container: Int) { nodes[container].isCanonical = true }

    /// Notes in which order the names of an object stand.
    func setOrder(of object: Int, _ names: some Sequence<UInt32>) {
        nodes[object].isOrdered = true
        nodes[object].start = UInt32(truncatingIfNeeded: order.count)
        order.append(contentsOf: names)
        nodes[object].end = UInt32(truncatingIfNeeded: order.count)
    }

    /// Whether a closed container has two members, or elements, or more of them.
    func hasSeveral(_ container: Int) -> Bool {
        let first = container + (nodes[container].kind == .object ? 2 : 1)
        let end = nodes[container].next
        return first < Int(end) && nodes[first].next < end
    }

    /// Calls `body` with the name's and the value's index of each member of an object, in document order.
    func forEachMember<Failure: Error>(
        of object: Int,
        _ body: (_ name: Int, _ value: Int) throws(Failure) -> Void
    ) throws(Failure) {
        let end = Int(nodes[object].next)
        var index = object + 1
        while index < end {
            try body(index, index + 1)
            index = Int(nodes[index + 1].next)
        }
    }

    /// Calls `body` with the position and the index of each element of an array.
    func forEachElement<Failure: Error>(
        of array: Int,
        _ body: (_ position: Int, _ element: Int) throws(Failure) -> Void
    ) throws(Failure) {
        let end = Int(nodes[array].next)
        var index = array + 1
        var position = 0
        while index < end {
            try body(position, index)
            index = Int(nodes[index].next)
            position += 1
        }
    }
}
