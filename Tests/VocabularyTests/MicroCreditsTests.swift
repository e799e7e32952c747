import TestSupport
import Testing
import Vocabulary

@Suite("An amount of credits")
struct MicroCreditsTests {
    private func read(_ text: String) -> Int64? { MicroCredits(jsonNumber: text.utf8)?.micros }

    @Test(
        "is read exactly from every spelling that JSON has for it",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("-0.000", 0), ("0e0", 0), ("0e999999", 0), ("-0e-5", 0),
            ("2", 2_000_000), ("2.0", 2_000_000), ("2e0", 2_000_000), ("2E+0", 2_000_000), ("2e-0", 2_000_000),
            ("0.2e1", 2_000_000), ("20e-1", 2_000_000), ("2000000e-6", 2_000_000), ("0.000002e6", 2_000_000),
            ("1e-6", 1), ("0.000001", 1), ("0.0000010", 1), ("10e-7", 1), ("0.00000000001e5", 1),
            ("1e3", 1_000_000_000),
            ("12.345678", 12_345_678), ("0.1", 100_000), ("0.3", 300_000), ("1.1", 1_100_000), ("4.35", 4_350_000),
            ("9007199.254740", 9_007_199_254_740), ("123456789.987654", 123_456_789_987_654),
            ("999999999.999999", 999_999_999_999_999), ("1000000000", 1_000_000_000_000_000),
            ("1e9", 1_000_000_000_000_000),
            ("1000000000.000000", 1_000_000_000_000_000), ("1E+00009", 1_000_000_000_000_000),
            ("2e00000000000000000000", 2_000_000),
        ] as [(String, Int64)]
    )
    func exact(_ text: String, _ micros: Int64) { #expect(read(text) == micros) }

    @Test("is read from bytes that are in one piece and from those that are not")
    func pieces() {
        for text in ["12.345678", "1e3", "-0", "1.", "x", ""] {
            let piece = Array(text.utf8)
            #expect(MicroCredits(jsonNumber: piece.lazy.map { $0 }) == MicroCredits(jsonNumber: piece))
        }
        #expect(MicroCredits(jsonNumber: Array("2.5".utf8).lazy.map { $0 })?.micros == 2_500_000)
    }

    @Test("zeros that change nothing may be as many as they like")
    func zeros() {
        let zeros = String(repeating: "0", count: 10_010)
        #expect(read("1." + zeros) == 1_000_000)
        #expect(read("2.5" + zeros) == 2_500_000)
        #expect(read("0." + zeros) == 0)
        #expect(read("0." + zeros + "e1") == 0)
        #expect(read("1" + zeros + "e-10010") == 1_000_000)
        #expect(read("0." + zeros + "1e10011") == 1_000_000)
        #expect(read("1.000000000000000000000000000001") == nil)
        #expect(read("10000000000000000000000000001e-28") == nil)
    }

    @Test(
        "is not read when it is finer than a millionth",
        arguments: [
            "1e-7", "0.0000001", "0.0000011", "1.0000001", "1e-99", "1e-400", "1e-999999999999999999999",
            "0.00000000001e4",
            "3.14159265358979", "11e-7",
        ]
    )
    func tooFine(_ text: String) { #expect(read(text) == nil) }

    @Test(
        "is rounded to the nearest millionth where that is asked for, halves up",
        arguments: [
            ("0.30000000000000004", 300_000), ("0.1", 100_000), ("2", 2_000_000), ("2.0", 2_000_000),
            ("2e0", 2_000_000),
            ("1e-7", 0), ("0.0000005", 1), ("0.00000049999999999999999999999999", 0), ("0.0000015", 2),
            ("0.0000025", 3), ("5e-7", 1), ("4.999999999e-7", 0), ("1e-400", 0), ("1e-999999999999999999999", 0),
            ("-0", 0), ("-0.0e-9", 0), ("3.14159265358979", 3_141_593), ("1.9999999", 2_000_000),
            ("0.99999949999999999999", 999_999), ("999999999.9999996", 1_000_000_000_000_000),
            ("1000000000.0000004", 1_000_000_000_000_000), ("123456789012345678901234567890e-25", 12_345_678_901),
            ("12345.678901234567890123456789", 12_345_678_901), ("0.000000000000000000000000000001", 0),
            ("2.000000000000000000000000000000000000001", 2_000_000),
        ] as [(String, Int64)]
    )
    func rounded(_ text: String, _ micros: Int64) {
        #expect(MicroCredits(roundingJSONNumber: text.utf8)?.micros == micros)
    }

    @Test(
        "is not rounded into an amount when it is less than nothing, too great or no number",
        arguments: [
            "-1e-7", "-1e-400", "-2", "1000000000.0000005", "1e10", "1e99", "1e400", "1e999999999999999999999",
            "9223372036854775807", "NaN", "", "1.", "\"2\"", "0x1",
        ]
    )
    func notRounded(_ text: String) { #expect(MicroCredits(roundingJSONNumber: text.utf8) == nil) }

    @Test("rounding agrees with the digits by hand, at any length and with any exponent")
    func roundingByHand() {
        var random = SeededGenerator()
        for _ in 0..<3_000 {
            let micros = Int64.random(in: 0..<1_000_000_000_000_000, using: &random)
            let tail = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                UInt8.random(in: 0...9, using: &random)
            }
            let digits = "\(micros)" + tail.map { "\($0)" }.joined()
            let expected = micros + (tail[0] >= 5 ? 1 : 0)
            let text = "\(digits)e-\(6 + tail.count)"
            #expect(MicroCredits(roundingJSONNumber: text.utf8)?.micros == expected, "\(text), seed \(random.seed)")
            let isWhole = tail.allSatisfy { $0 == 0 }
            #expect((MicroCredits(jsonNumber: text.utf8) != nil) == isWhole, "\(text), seed \(random.seed)")
        }
    }

    @Test(
        "is not read when it is beyond the greatest amount",
        arguments: [
            "1000000000.000001", "1000000001", "1e10", "1e99", "1e400", "1e999999999999999999999", "10000000000e0",
            "9223372036854.775807", "9223372036854775807", "9223372036854775808", "18446744073709551617",
            "36893488147419103233",
            "100000000000000000000000000000000000000000", "184467440737095516160e-1",
        ]
    )
    func tooGreat(_ text: String) { #expect(read(text) == nil) }

    @Test("an exponent that no number of digits makes up for is not taken for a smaller one")
    func hugeExponent() {
        for zeros in [9_990, 9_999, 10_000, 10_006, 20_000] {
            #expect(read("0." + String(repeating: "0", count: zeros) + "1e99999") == nil)
            #expect(read("1" + String(repeating: "0", count: zeros) + "e-99999") == nil)
        }
    }

    @Test("is not read when it is less than nothing", arguments: ["-1", "-0.000001", "-1e-7", "-1e99", "-2.0"])
    func negative(_ text: String) { #expect(read(text) == nil) }

    @Test(
        "is not read from what is no JSON number",
        arguments: [
            "", "-", "--0", "+1", "1.", ".1", "1.e1", "1e", "1e+", "1e-", "1e1.0", "1.2.3", "1e1e1", "e1", "1-", "1 ",
            " 1", "1,0",
            "0x1", "NaN", "Infinity", "1_0", "\"1\"", "\u{661}", "1\u{0}", "-.1", "-e1",
        ]
    )
    func noNumber(_ text: String) { #expect(read(text) == nil) }

    @Test(
        "is written as a decimal number without zeros at its end",
        arguments: [
            (0, "0"), (1, "0.000001"), (10, "0.00001"), (100_000, "0.1"), (1_000_000, "1"), (1_500_000, "1.5"),
            (12_345_678, "12.345678"), (1_000_001, "1.000001"), (10_000_000, "10"), (-1, "-0.000001"),
            (-1_000_001, "-1.000001"),
            (-2_000_000, "-2"), (1_000_000_000_000_000, "1000000000"), (.max, "9223372036854.775807"),
            (.min, "-9223372036854.775808"),
        ] as [(Int64, String)]
    )
    func written(_ micros: Int64, _ text: String) { #expect("\(MicroCredits(micros: micros))" == text) }

    @Test("every amount is read back from its text, and from the text with its point moved")
    func roundTrip() {
        var random = SeededGenerator()
        for _ in 0..<3_000 {
            let micros = Int64.random(
                in: 0...MicroCredits.maximum.micros >> Int64.random(in: 0...49, using: &random),
                using: &random
            )
            let seed = random.seed
            #expect(read("\(MicroCredits(micros: micros))") == micros, "seed \(seed)")
            #expect(read("\(micros)e-6") == micros, "seed \(seed)")
            let shift = Int.random(in: 0...30, using: &random)
            #expect(read("\(micros)\(String(repeating: "0", count: shift))E-\(shift + 6)") == micros, "seed \(seed)")
            let digits = "\(micros)"
            let leading = String(repeating: "0", count: shift)
            #expect(read("0.\(leading)\(digits)e\(digits.utf8.count + shift - 6)") == micros, "seed \(seed)")
        }
    }

    @Test("amounts are added, taken away and compared")
    func arithmetic() {
        let one = MicroCredits(micros: 1)
        #expect(one + one == MicroCredits(micros: 2))
        #expect(MicroCredits.zero - one == MicroCredits(micros: -1))
        #expect(MicroCredits.zero < one)
        #expect(!(one < one))
        #expect(one > MicroCredits(micros: -2))
    }

    @Test("thousands of the greatest amount can be added without overflow")
    func maximum() {
        #expect("\(MicroCredits.maximum)" == "1000000000")
        var sum = MicroCredits.zero
        for _ in 0..<9_000 { sum = sum + .maximum }
        #expect("\(sum)" == "9000000000000")
    }

    @Test("a saturating sum ends at the greatest and the least amount there is")
    func saturation() {
        let most = MicroCredits(micros: .max)
        #expect(most.saturatingAdd(MicroCredits(micros: 1)) == most)
        #expect(MicroCredits(micros: .min).saturatingAdd(MicroCredits(micros: -1)) == MicroCredits(micros: .min))
        #expect(MicroCredits(micros: 2).saturatingAdd(MicroCredits(micros: 3)) == MicroCredits(micros: 5))
        #expect(most.saturatingAdd(MicroCredits(micros: -1)) == MicroCredits(micros: .max - 1))
    }
}
