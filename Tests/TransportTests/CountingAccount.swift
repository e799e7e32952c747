import Testing
import Transport

/// An account with a bound, that knows whether it was given back what was taken. Confined to its test's loop.
final class CountingAccount: StreamAccount {
    private(set) var taken = 0
    private(set) var highest = 0
    private(set) var refusals = 0
    var bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    func take(_ byteCount: Int) -> Bool {
        #expect(byteCount > 0)
        guard taken + byteCount <= bytesMax else {
            refusals += 1
            return false
        }
        taken += byteCount
        highest = max(highest, taken)
        return true
    }

    func giveBack(_ byteCount: Int) {
        #expect(byteCount > 0)
        taken -= byteCount
        #expect(taken >= 0)
    }
}
