/// A JSON text as a sequence of nodes in document order, made by `StrictJSON`. Confined to its reader; its memory is
/// reused.
///
/// Offsets are into the text, which must still exist when a node's content is read. The children of a container follow
/// it; in an object names and values alternate.
///
/// Safe because `count <= capacity` holds for the owned memory. Reading a node is not: in release builds `nodes` does
/// not check the index.
@safe
public final class JSONTape {
    @frozen
    public enum Kind: UInt8 { case object, array, string, number, yes, no, null }

    @frozen
    public struct Node {
        public internal(set) var kind: Kind
        /// The text is already in canonical form; a string then has no escapes.
        public internal(set) var isCanonical: Bool
        /// Objects only: `start` is the index of the first name in byte order, and `next` of each name is the index of
        /// the following one, 0 at the last. When false, the names are in that order in the text.
        @usableFromInline
        var isReordered = false
        /// The range in the text: between the quotation marks of a string, all of any other value.
        public internal(set) var start: UInt32
        public internal(set) var end: UInt32
        /// The index of the node after this one and its descendants.
        public internal(set) var next: UInt32

        @inlinable
        public var range: Range<Int> { Int(start)..<Int(end) }

        /// The range, including the quotation marks of a string.
        @inlinable @inline(__always)
        public var wholeRange: Range<Int> { kind == .string ? (Int(start) &- 1)..<(Int(end) &+ 1) : range }

        /// Strings only: the text has escapes, so it differs from the content.
        @inlinable
        public var hasEscapes: Bool { !isCanonical }
    }

    /// The maximum number of spare nodes, unless there are already more nodes than that.
    private static let spareMax = 1 << 20
    /// Memory for up to this many nodes is kept from one text to the next: 1 MiB.
    private static let keptMax = 1 << 16

    @usableFromInline
    var base: UnsafeMutablePointer<Node>?  // owned: deallocated in deinit and when it grows
    private var capacity = 0
    @usableFromInline
    var count = 0

    deinit { unsafe base?.deallocate() }

    /// Valid until the next change.
    @inlinable @inline(__always)
    public var nodes: UnsafeMutableBufferPointer<Node> { unsafe UnsafeMutableBufferPointer(start: base, count: count) }

    public func removeAll() {
        count = 0
        guard capacity > Self.keptMax else { return }
        unsafe base?.deallocate()
        unsafe (base, capacity) = (nil, 0)
    }

    /// Adds a node without descendants.
    ///
    /// - Parameter textLeft: the number of bytes after the node's first one. A node takes at least two, including its
    ///   comma or bracket, so memory is allocated once and not copied repeatedly; untouched pages take no memory.
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
        unsafe (base.unsafelyUnwrapped + count).initialize(to: node)
        count &+= 1
    }

    @inline(never)
    private func grow(_ textLeft: Int) {
        let larger = count + min(textLeft / 2 + 16, max(count, Self.spareMax))
        let memory = UnsafeMutablePointer<Node>.allocate(capacity: larger)
        if let base = unsafe base {
            unsafe memory.update(from: base, count: count)
            unsafe base.deallocate()
        }
        unsafe (base, capacity) = (memory, larger)
    }

    /// Adds an open container.
    ///
    /// - Parameters:
    ///   - outer: stored in the node until it is closed.
    ///   - mark: stored in the node until it is closed.
    @inline(__always)
    func open(_ kind: Kind, _ start: Int, within outer: UInt32, _ mark: UInt32, textLeft: Int) {
        append(kind, isCanonical: false, start, Int(mark), textLeft: textLeft)
        unsafe nodes[count &- 1].next = outer
    }

    /// Closes the container: it ends before `end`, and all later nodes are its descendants. Returns the stored values.
    @inline(__always)
    func close(_ container: Int, at end: Int) -> (outer: UInt32, mark: UInt32) {
        let node = unsafe nodes[container]
        unsafe nodes[container].end = UInt32(truncatingIfNeeded: end)
        unsafe nodes[container].next = UInt32(truncatingIfNeeded: count)
        return (node.next, node.end)
    }

    func setCanonical(_ container: Int) { unsafe nodes[container].isCanonical = true }

    /// Links the names of a non-empty object in the given order.
    func reorder(_ object: Int, _ names: some Sequence<UInt32>) {
        unsafe nodes[object].isReordered = true
        var previous: Int?
        for name in names {
            if let previous { unsafe nodes[previous].next = name } else { unsafe nodes[object].start = name }
            previous = Int(name)
        }
        if let previous { unsafe nodes[previous].next = 0 }
    }

    /// Whether a closed container has at least two members or elements.
    public func hasSeveral(_ container: Int) -> Bool {
        let first = unsafe container + (nodes[container].kind == .object ? 2 : 1)
        let end = unsafe nodes[container].next
        return unsafe first < Int(end) && nodes[first].next < end
    }

    /// Calls `body` with the name's and the value's index of each member of an object, in document order.
    @inlinable
    public func forEachMember<Failure: Error>(
        of object: Int,
        _ body: (_ name: Int, _ value: Int) throws(Failure) -> Void
    ) throws(Failure) {
        let end = unsafe Int(nodes[object].next)
        var index = object + 1
        while index < end {
            try body(index, index + 1)
            index = unsafe Int(nodes[index + 1].next)
        }
    }

    /// Calls `body` with the name's index of each member of an object, in the byte order of the names.
    @inlinable
    public func forEachNameInOrder(of object: Int, _ body: (_ name: Int) -> Void) {
        guard unsafe nodes[object].isReordered else { return forEachMember(of: object) { name, _ in body(name) } }
        var name = unsafe Int(nodes[object].start)
        while name != 0 {
            body(name)
            name = unsafe Int(nodes[name].next)
        }
    }

    /// Calls `body` with the position and the index of each element of an array.
    @inlinable
    public func forEachElement<Failure: Error>(
        of array: Int,
        _ body: (_ position: Int, _ element: Int) throws(Failure) -> Void
    ) throws(Failure) {
        let end = unsafe Int(nodes[array].next)
        var index = array + 1
        var position = 0
        while index < end {
            try body(position, index)
            index = unsafe Int(nodes[index].next)
            position += 1
        }
    }
}
