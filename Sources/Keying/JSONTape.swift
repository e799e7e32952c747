/// A JSON text as a row of nodes in document order: what `StrictJSON` makes of it. Memory is used again.
///
/// Offsets are into the text, which must still be there when a node's content is looked at. The children of a
/// container follow it; in an object names and values take turns.
struct JSONTape {
    enum Kind: UInt8 { case object, array, string, number, yes, no, null }

    struct Node {
        var kind: Kind
        /// Strings only: something is escaped, so the content is not what stands in the text.
        var hasEscapes = false
        /// The text: between the quotation marks of a string, all of a number.
        var start: UInt32
        var end: UInt32
        /// The index of the node after this one and all that is in it.
        var next: UInt32
        /// Containers only: elements or members.
        var count: UInt32 = 0

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    var nodes: [Node] = []

    /// Calls `body` with the name's and the value's index of each member of an object, in document order.
    func forEachMember<Failure: Error>(
        of object: Int,
        _ body: (_ name: Int, _ value: Int) throws(Failure) -> Void
    ) throws(Failure) {
        var index = object + 1
        for _ in 0..<nodes[object].count {
            try body(index, index + 1)
            index = Int(nodes[index + 1].next)
        }
    }

    /// Calls `body` with the position and the index of each element of an array.
    func forEachElement<Failure: Error>(
        of array: Int,
        _ body: (_ position: Int, _ element: Int) throws(Failure) -> Void
    ) throws(Failure) {
        var index = array + 1
        for position in 0..<Int(nodes[array].count) {
            try body(position, index)
            index = Int(nodes[index].next)
        }
    }
}
