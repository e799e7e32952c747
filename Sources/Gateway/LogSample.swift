/// Takes a share of what happens, evenly: of a share of a tenth each tenth. Pure.
struct LogSample {
    /// All of a million.
    static let all: Int64 = 1_000_000

    private var due: Int64 = 0

    /// Whether the next one is taken.
    ///
    /// - Parameter share: how many of a million are, from 0 to `all`.
    mutating func takesNext(ofMillion share: Int64) -> Bool {
        due += share
        guard due >= Self.all else { return false }
        due -= Self.all
        return true
    }
}
