import ArgumentParser
import Cryptography
import Glibc
import Keying
import TestSupport
import Vocabulary

/// Times a worker's handling of a body up to its cache key: fingerprint, strict reading, canonical form, key.
@main
struct HostileBodies: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hostile-bodies",
        abstract: "Times the reading and hashing of bodies of every hostile shape, and prints milliseconds of each.",
        discussion: """
            Counted is the processor's time of this thread, so that other work on the machine is mostly not in it. The \
            first reading has the reader's memory to make, which the later ones find there. Exits 1 when the median of a \
            shape is above --max-ms. Build it with --configuration release.
            """
    )

    @Option(help: "The length of each body in bytes.")
    var length = 1 << 20

    @Option(help: "How often each is read; the median is compared with the limit.")
    var rounds = 9

    @Option(name: .customLong("max-ms"), help: "The most that the median of any shape may take.")
    var millisecondsMax: Double?

    @Option(help: "Only shapes whose names contain this text.")
    var only = ""

    func validate() throws {
        guard (4_096...1 << 26).contains(length) else { throw ValidationError("--length: 4096 to 67108864") }
        guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds: 1 to 1000") }
    }

    func run() throws {
        let shapes = HostileBody.all(length: length).filter { only.isEmpty || $0.name.contains(only) }
        guard !shapes.isEmpty else { throw ValidationError("--only: no shape has that text in its name") }
        print("  median    least    first    bytes  shape")
        var slow: [String] = []
        for shape in shapes {
            let times = try measure(shape)
            let sorted = times.sorted()
            let median = sorted[sorted.count / 2]
            let cells = [median, sorted[0], times[0]].map { padded(fixed($0), 8) }.joined(separator: " ")
            print("\(cells) \(padded("\(shape.bytes.count)", 8))  \(shape.name)")
            if let millisecondsMax, median > millisecondsMax { slow.append("\(shape.name): \(fixed(median)) ms") }
        }
        guard slow.isEmpty else {
            print("above \(millisecondsMax ?? 0) ms: \(slow.joined(separator: "; "))")
            throw ExitCode(1)
        }
    }

    /// Milliseconds of each round, each shape with its own reader.
    private func measure(_ shape: HostileBody) throws -> [Double] {
        let reader = ClassifyReader()
        let hasher = SHA256Hasher()
        let scope = KeyScope(account: AccountID(rawValue: "default"), team: nil)
        let bodyHash = scope.bodyHash(secret: Array(repeating: 7, count: 32))
        var times: [Double] = []
        var seen: Set<CacheKey?> = []
        var fingerprints: Set<Fingerprint> = []
        for _ in 0..<rounds {
            let start = threadMilliseconds()
            fingerprints.insert(bodyHash.fingerprint(shape.bytes.span))
            let request = try? reader.read(shape.bytes.span, schemaOrder: .insignificant)
            seen.insert(request?.key(in: scope, with: hasher))
            times.append(threadMilliseconds() - start)
            guard (request != nil) == shape.isAccepted else {
                throw ValidationError("\(shape.name): it is \(shape.isAccepted ? "refused" : "accepted")")
            }
        }
        guard seen.count == 1, fingerprints.count == 1 else {
            throw ValidationError("\(shape.name): one body has several keys")
        }
        return times
    }

    /// The CPU time of this thread, clock_gettime(2).
    private func threadMilliseconds() -> Double {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else {
            preconditionFailure("this thread has no clock of its processor's time")
        }
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }

    private func fixed(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
}
