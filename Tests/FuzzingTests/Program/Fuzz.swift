import Foundation
import Glibc

/// libFuzzer's driver, which the toolchain's runtime has: FuzzerDriver.cpp of compiler-rt.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The target whose inputs are tried: a C function that is called with them takes no context.
nonisolated(unsafe) private var target = FuzzTarget.requests

/// `fuzz TARGET [argument of libFuzzer …]` tries inputs. `fuzz seeds FILE FOLDER` writes the seeds of a file as
/// libFuzzer reads them, and `fuzz escape INPUT` the line of a seed.
@main
struct Fuzz {
    static func main() throws {
        let arguments = CommandLine.arguments
        switch (arguments.dropFirst().first, arguments.count) {
        case ("seeds", 4): try writeSeeds(of: arguments[2], to: arguments[3])
        case ("escape", 3):
            let input = try Data(contentsOf: URL(fileURLWithPath: arguments[2]))
            print(SeedFile.escaped(Array(input)))
        case (let name?, _):
            guard let named = FuzzTarget(rawValue: name) else { usage() }
            target = named
            run()
        case (nil, _): usage()
        }
    }

    private static func usage() -> Never {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        print("fuzz TARGET [argument of libFuzzer ...], fuzz seeds FILE FOLDER, fuzz escape INPUT; targets: \(names)")
        exit(2)
    }

    private static func writeSeeds(of file: String, to folder: String) throws {
        let text = try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8)
        for seed in try SeedFile(text).seeds {
            let place = URL(fileURLWithPath: folder).appendingPathComponent(seed.name.replacing(" ", with: "-"))
            try Data(seed.input).write(to: place)
        }
    }

    /// Without the name of the target, the arguments are libFuzzer's.
    private static func run() -> Never {
        var count = CommandLine.argc - 1
        var arguments = CommandLine.unsafeArgv + 1
        arguments[0] = CommandLine.unsafeArgv[0]
        exit(
            runDriver(&count, &arguments) { start, count in
                let input = Array(UnsafeBufferPointer(start: start, count: count))
                do throws(BrokenRule) {
                    try target.run(input)
                } catch {
                    FileHandle.standardError.write(Data("BROKEN RULE of \(target.rawValue): \(error)\n".utf8))
                    abort()
                }
                return 0
            }
        )
    }
}
