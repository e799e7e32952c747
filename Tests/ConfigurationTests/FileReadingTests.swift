import Foundation
import TestSupport
import Testing

@testable import Configuration

@Suite("FileReading")
struct FileReadingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func failure(_ path: String, bytesMax: Int = 10) -> FileReading.Failure? {
        do throws(FileReading.Failure) { _ = try FileReading().read(path, bytesMax: bytesMax) } catch { return error }
        return nil
    }

    @Test("a file is read up to its limit", arguments: 0...11)
    func limit(_ count: Int) throws {
        let path = try folder.write(String(repeating: "x", count: count), to: "file")
        if count <= 10 {
            #expect(try FileReading().read(path, bytesMax: 10).bytes.count == count)
        } else {
            #expect(failure(path) == .tooLong)
        }
    }

    @Test("what is no file is not read: a pipe that nobody writes to, a device without an end, a folder")
    func noFiles() throws {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(failure(pipe) == .notRegular)
        #expect(failure("/dev/zero") == .notRegular)
        #expect(failure(folder.path) == .unreadable)
        #expect(failure(folder.file("nowhere")) == .unreadable)
    }

    @Test("who may read a file is told of the file itself, wherever a link to it stands")
    func links() throws {
        let path = try folder.write("secret", to: "file")
        let link = folder.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        for (mode, othersMayRead) in [(0o400, false), (0o440, false), (0o404, true)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            for name in [path, link] {
                #expect(try FileReading().read(name, bytesMax: 10).othersMayRead == othersMayRead)
            }
        }
    }

    @Test("when the time is over no file is waited for")
    func slow() throws {
        let path = try folder.write("x", to: "file")
        let files = FileReading(patience: .zero)
        #expect(throws: FileReading.Failure.slow) { try files.read(path, bytesMax: 10) }
    }
}
