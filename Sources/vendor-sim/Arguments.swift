import ArgumentParser
import Transport
import VendorSimulation
import Vocabulary

/// `127.0.0.1:8080` or `[::1]:0`.
struct AddressArgument: ExpressibleByArgument {
    let value: SocketAddress

    init(_ value: SocketAddress) { self.value = value }

    init?(argument: String) {
        guard let value = SocketAddress(parsing: argument) else { return nil }
        self.value = value
    }

    var defaultValueDescription: String { value.description }
}

/// A decimal number with `ms`, `s`, `m` or `h`.
struct DurationArgument: ExpressibleByArgument {
    let value: Duration

    init(_ value: Duration) { self.value = value }

    init?(argument: String) {
        let unit = argument.drop { $0.isNumber || $0 == "." }
        let milliseconds: Int64
        switch unit {
        case "ms": milliseconds = 1
        case "s": milliseconds = 1_000
        case "m": milliseconds = 60_000
        case "h": milliseconds = 3_600_000
        default: return nil
        }
        // The number is parsed like credits: exactly, in millionths.
        guard let number = MicroCredits(jsonNumber: argument.dropLast(unit.count).utf8), number.micros <= 86_400_000_000
        else { return nil }
        value = .microseconds(number.micros * milliseconds / 1_000)
    }

    var defaultValueDescription: String { "\(value.wholeNanoseconds / 1_000_000)ms" }
}

/// `MODEL=CREDITS`
struct PriceArgument: ExpressibleByArgument {
    let model: String
    let credits: MicroCredits

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let credits = MicroCredits(jsonNumber: parts[1].utf8),
            credits <= VendorSettings.creditsPerPageMax
        else { return nil }
        model = String(parts[0])
        self.credits = credits
    }
}
