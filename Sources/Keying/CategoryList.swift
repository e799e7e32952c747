import Glibc
import JSON
import Vocabulary

/// The categories of one request while it is read: the position of each, and its unescaped label. Confined to its
/// reader; its memory is reused.
struct CategoryList: ~Copyable {
    struct Category {
        /// The nodes of the object and of the values of its two known members.
        let object, label, description: Int
        /// Whether it has no members but label and description.
        let isPlain: Bool
        /// The range of the label in `labels`.
        let text: Range<Int>
    }

    /// Up to this many categories are compared pairwise; more are sorted to find duplicates.
    private static let pairwiseMax = 16
    /// Memory for up to this many categories is kept from one request to the next.
    private static let keptMax = 1 << 12

    private(set) var categories: [Category] = []
    private var labels = ByteWriter(capacity: 256)
    /// The positions of more than `pairwiseMax` categories, sorted by label.
    private var order = TextOrder()

    mutating func removeAll() {
        categories.removeAll(keepingCapacity: categories.capacity <= Self.keptMax)
        labels.removeAll()
    }

    mutating func append(object: Int, label: Int, description: Int, isPlain: Bool, _ form: CanonicalForm) {
        let start = labels.count
        unsafe JSONContent.append(form.tape.nodes[label], form.bytes, to: &labels)
        let text = start..<labels.count
        categories.append(
            Category(object: object, label: label, description: description, isPlain: isPlain, text: text)
        )
    }

    /// The position of a category that repeats an earlier label.
    mutating func firstDuplicate() -> Int? {
        guard categories.count > Self.pairwiseMax else {
            return categories.indices.first { later in (0..<later).contains { compare($0, later) == 0 } }
        }
        order.removeAll()
        for position in categories.indices {
            order.append(UInt32(truncatingIfNeeded: position), categories[position].text)
        }
        let position = labels.withBytes { labels in
            unsafe labels.withUnsafeBufferPointer { labels -> UInt32? in
                let memories = unsafe TextOrder.Memories(first: labels, second: labels)
                return order.sort(memories) ? order.firstRepeated(memories) : nil
            }
        }
        return position.map { Int($0) }
    }

    /// Sorts the categories by the bytes of their labels, after `firstDuplicate` has found none.
    mutating func sortByLabel() {
        // Few categories, as most requests have, are sorted by insertion, in place.
        guard categories.count <= Self.pairwiseMax else {
            categories = order.numbers.map { categories[Int($0)] }
            return
        }
        for index in 1..<max(1, categories.count) {
            var place = index
            while place > 0, compare(place - 1, place) > 0 {
                categories.swapAt(place - 1, place)
                place -= 1
            }
        }
    }

    /// Negative, zero or positive as the bytes of one label sort before the other's, are equal or sort after.
    private borrowing func compare(_ one: Int, _ other: Int) -> Int {
        let (left, right) = (categories[one].text, categories[other].text)
        return labels.withBytes { bytes in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                let base = bytes.baseAddress!
                let result = unsafe memcmp(
                    base + left.lowerBound,
                    base + right.lowerBound,
                    min(left.count, right.count)
                )
                return result == 0 ? left.count - right.count : Int(result)
            }
        }
    }
}
