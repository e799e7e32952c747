/// The timers of a loop whose instants are to come, by the instants that they are armed for: a binary heap, whose
/// first is the earliest. Confined to the loop.
///
/// A word for each timer: there may be tens of thousands of connections, each with one.
@safe
struct TimerHeap {
    // Unretained: a timer leaves the heap in its deinit at the latest.
    private var timers: [Unmanaged<LoopTimer>] = unsafe []

    private var count: Int { unsafe timers.count }

    var first: LoopTimer? { unsafe timers.first?.takeUnretainedValue() }

    /// Adds a timer, or puts one that is in the heap to its new place.
    mutating func put(_ timer: LoopTimer) {
        if timer.heapIndex == nil {
            timer.heapIndex = count
            unsafe timers.append(.passUnretained(timer))
        }
        settle(timer)
    }

    /// Does nothing with a timer that is not in the heap.
    mutating func remove(_ timer: LoopTimer) {
        guard let index = timer.heapIndex else { return }
        timer.heapIndex = nil
        guard let last = unsafe timers.popLast(), index < count else { return }
        let moved = unsafe last.takeUnretainedValue()
        place(moved, at: index)
        settle(moved)
    }

    /// Moves a timer up or down until it is in order with those above and below it.
    private mutating func settle(_ timer: LoopTimer) {
        guard var index = timer.heapIndex else { return }
        while index > 0 {
            let parent = at((index - 1) / 2)
            guard timer.armedFor < parent.armedFor else { break }
            place(parent, at: index)
            index = (index - 1) / 2
        }
        while let child = earlierChild(of: index), child.armedFor < timer.armedFor, let next = child.heapIndex {
            place(child, at: index)
            index = next
        }
        place(timer, at: index)
    }

    private func earlierChild(of index: Int) -> LoopTimer? {
        let (left, right) = (2 * index + 1, 2 * index + 2)
        guard left < count else { return nil }
        guard right < count, at(right).armedFor < at(left).armedFor else { return at(left) }
        return at(right)
    }

    private func at(_ index: Int) -> LoopTimer { unsafe timers[index].takeUnretainedValue() }

    private mutating func place(_ timer: LoopTimer, at index: Int) {
        unsafe timers[index] = .passUnretained(timer)
        timer.heapIndex = index
    }
}
