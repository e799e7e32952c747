/// A JSON text as a row of nodes in document order: what `StrictJSON` makes of it. Confined to its reader; its memory is
/// used again.
///
/// Offsets are into the text, which must still be there when a node's content is looked at. The children of a
/// container follow it; in an object names and values take turns.
public final class JSONTape {
    @frozen
    public enum Kind: UInt8 { case object, array, string, number, yes, no, null }

    @frozen
    public struct Node {
        public internal(set) var kind: Kind
        /// What stands in the text is the canonical form already; in a string then, nothing is escaped.
        public internal(set) var isCanonical: Bool
        /// Objects only: `start` is the index of the first name in the order of the names' bytes, and the `next` of each name
        /// that of the following one, 0 behind the last. Otherwise the names are in that order as they stand in the text.
        @usableFromInline
        var isReordered = false
        /// The text: between the quotation marks of a string, all of anything else.
        public internal(set) var start: UInt32
        public internal(set) var end: UInt32
        /// The index of the node after this one and all that is in it.
        public internal(set) var next: UInt32

        @inlinable
        public var range: Range<Int> { Int(start)..<Int(end) }

        /// A string's with its quotation marks.
        @inlinable @inline(__always)
        public var wholeRange: Range<Int> { kind == .string ? (Int(start) &- 1)..<(Int(end) &+ 1) : range }

        /// Strings only: something is escaped, so the content is not what stands in the text.
        @inlinable
        public var hasEscapes: Bool { !isCanonical }
    }

    /// So many nodes may be room that is not needed; more only when as many are there.
    private static let spareMax = 1 << 20
    /// Memory for so many nodes is kept from one text to the next: 1 MiB.
    private static let keptMax = 1 << 16

    @usableFromInline
    var base: UnsafeMutablePointer<Node>?  // owned: deallocated in deinit and when it grows
    private var capacity = 0
    @usableFromInline
    var count = 0

    deinit { base?.deallocate() }

    /// Good until the next change.
    @inlinable @inline(__always)
    public var nodes: UnsafeMutableBufferPointer<Node> { UnsafeMutableBufferPointer(start: base, count: count) }

    public func removeAll() {
        count = 0
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
    func append(_ kind: Kind, isCanonical: Bool, _ start: Int, _ end: Int, textLeft: Int) {
        if count == capacity { grow(textLeft) }
        // The text is below 2^31 bytes, and so is the number of nodes.
        let node = Node(
            kind: kind,
            isCanonical: isCanonical,
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
        append(kind, isCanonical: false, start, Int(mark), textLeft: textLeft)
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

    /// Links the names of an object, of which there is one or more, in the order in which they come.
    func reorder(_ object: Int, _ names: some Sequence<UInt32>) {
        nodes[object].isReordered = true
        var previous: Int?
        for name in names {
            if let previous { nodes[previous].next = name } else { nodes[object].start = name }
            previous = Int(name)
        }
        if let previous { nodes[previous].next = 0 }
    }

    /// Whether a closed container has two members, or elements, or more of them.
    public func hasSeveral(_ container: Int) -> Bool {
        let first = container + (nodes[container].kind == .object ? 2 : 1)
        let end = nodes[container].next
        return first < Int(end) && nodes[first].next < end
    }

    /// Calls `body` with the name's and the value's index of each member of an object, in document order.
    @inlinable
    public func forEachMember<Failure: Error>(
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

    /// Calls `body` with the name's index of each member of an object, in the order of the names' bytes.
    @inlinable
    public func forEachNameInOrder(of object: Int, _ body: (_ name: Int) -> Void) {
        guard nodes[object].isReordered else { return forEachMember(of: object) { name, _ in body(name) } }
        var name = Int(nodes[object].start)
        while name != 0 {
            body(name)
            name = Int(nodes[name].next)
        }
    }

    /// Calls `body` with the position and the index of each element of an array.
    @inlinable
    public func forEachElement<Failure: Error>(
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
