/// Which changes that other nodes made to the registry are in memory, by their numbers in the feed. Pure.
///
/// A change may be heard of while the rows are being read that may or may not have it: the rows have a stamp, which
/// says up to which number they have all. They are read again as long as more was heard of.
struct RegistryStamps: Equatable {
    /// All changes up to this number are in memory.
    private(set) var known: Int64
    /// The greatest number that was heard of.
    private var heard: Int64
    /// Whether the store has told of a change that was not heard of yet.
    private var isBehind = false

    init(known: Int64) {
        self.known = known
        heard = known
    }

    /// Whether the rows are to be read before anything else is decided.
    var isReadingDue: Bool { isBehind || heard > known }

    mutating func hear(_ number: Int64) { heard = max(heard, number) }

    mutating func demandReading() { isBehind = true }

    /// Rows of this stamp are in memory.
    mutating func read(_ stamp: Int64) {
        known = max(known, stamp)
        isBehind = false
    }
}
