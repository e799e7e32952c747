import Testing
import Vocabulary

/// Clients, the vendor, the store and operators may supply any number; none may crash the process.
@Suite("The least, the greatest and the absurd")
struct ExtremesTests {
    private static let numbers: [Int64] = [
        .min, .min + 1, -(1 << 53), -1_000_001, -1, 0, 1, 999_999, 1 << 53, .max - 1, .max,
    ]

    @Test("sums, differences and products stay at the end that they overflow")
    func saturating() {
        for one in Self.numbers {
            for other in Self.numbers {
                let (left, right) = (Int128(one), Int128(other))
                #expect(one.saturatingAdd(other) == Int64(clamping: left + right))
                #expect(one.saturatingSubtract(other) == Int64(clamping: left - right))
                #expect(one.saturatingMultiply(other) == Int64(clamping: left * right))
            }
        }
    }

    @Test("credits are added and taken away without a trap")
    func credits() {
        for one in Self.numbers {
            for other in Self.numbers {
                let (left, right) = (MicroCredits(micros: one), MicroCredits(micros: other))
                #expect((left + right).micros == Int64(clamping: Int128(one) + Int128(other)))
                #expect((left - right).micros == Int64(clamping: Int128(one) - Int128(other)))
                #expect(left.saturatingAdd(right) == left + right)
            }
            #expect(!MicroCredits(micros: one).description.isEmpty)
        }
    }

    @Test("moments and instants keep to their ends, forwards and backwards, and differences too")
    func time() {
        let lengths = Self.numbers.flatMap { [Duration.seconds($0), .nanoseconds($0)] }
        for number in Self.numbers {
            let (moment, instant) = (Timestamp(microseconds: number), MonotonicInstant(nanoseconds: number))
            for length in lengths {
                let (micros, nanos) = (length.wholeNanoseconds / 1_000, length.wholeNanoseconds)
                #expect((moment + length).microseconds == Int64(clamping: Int128(number) + Int128(micros)))
                #expect((instant + length).nanoseconds == Int64(clamping: Int128(number) + Int128(nanos)))
            }
            for other in Self.numbers {
                let difference = Int64(clamping: Int128(number) - Int128(other))
                #expect(moment - Timestamp(microseconds: other) == .microseconds(difference))
                #expect(instant - MonotonicInstant(nanoseconds: other) == .nanoseconds(difference))
            }
            #expect(Timestamp(seconds: number).microseconds == Int64(clamping: Int128(number) * 1_000_000))
            #expect((0..<1_000_000).contains(moment.microsecondOfSecond))
            #expect(
                Int128(moment.wholeSeconds) * 1_000_000 + Int128(moment.microsecondOfSecond) == Int128(number)
            )
        }
    }

    @Test(
        "a moment that RFC 3339 has no form for is written as the nearest that has one",
        arguments: [
            (.min, "0000-01-01T00:00:00Z"), (-62_167_219_200_000_001, "0000-01-01T00:00:00Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00Z"), (-62_167_219_199_999_999, "0000-01-01T00:00:00.000001Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (253_402_300_800_000_000, "9999-12-31T23:59:59.999999Z"),
            (.max, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func rfc3339(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test("days and years beyond a thousand million years are none, or the last one counted")
    func dates() {
        for number in Self.numbers {
            let date = CivilDate(daysSinceEpoch: number)
            #expect(CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date)
            #expect((0...6).contains(date.dayOfWeek))
        }
        for year in [Int64.min, -1_000_000_001, 1_000_000_001, .max] {
            #expect(CivilDate(year: year, month: 1, day: 1) == nil)
            #expect(CivilDate(year: year, month: .max, day: .min) == nil)
        }
        for year in [-1_000_000_000, 1_000_000_000] as [Int64] {
            let date = CivilDate(year: year, month: 12, day: 31)
            #expect(date.map { CivilDate(daysSinceEpoch: $0.daysSinceEpoch) } == date || abs(year) == 1_000_000_000)
        }
    }
}
