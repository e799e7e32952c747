import Foundation

/// A small generator whose seed a failing test prints (SplitMix64). Used by one test at a time.
public struct SeededGenerator: RandomNumberGenerator, Sendable, CustomStringConvertible {
    /// To be printed with a failure: `TOLLGATE_TEST_SEED` takes it and repeats the same cases.
    public let seed: UInt64
    private var state: UInt64

    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// A generator with the seed that `TOLLGATE_TEST_SEED` names; without it, with another seed each time.
    public init() {
        guard let asked = ProcessInfo.processInfo.environment["TOLLGATE_TEST_SEED"] else {
            self.init(seed: UInt64.random(in: 0 ... .max))
            return
        }
        guard let seed = UInt64(asked) else { preconditionFailure("TOLLGATE_TEST_SEED must be a decimal number") }
        self.init(seed: seed)
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// The environment setting that repeats the same cases.
    public var description: String { "TOLLGATE_TEST_SEED=\(seed)" }

    public mutating func chance(_ one: Int, in all: Int) -> Bool { Int.random(in: 0..<all, using: &self) < one }

    public mutating func pick<Element>(_ elements: [Element]) -> Element { elements.randomElement(using: &self)! }
}
