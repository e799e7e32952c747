import Foundation

/// Lines for the person at the terminal that are not the program's result.
enum StandardError {
    static func print(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
