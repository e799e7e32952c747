/// Why the store did not carry out a request.
///
/// The code is for decisions and metrics; the detail is for the log and says what an operator can do. It contains no
/// document content and no secret.
public struct StoreFault: Error, Equatable, Sendable {
    public enum Code: String, CaseIterable, Sendable {
        /// The store does not answer, or not in time; a later retry may succeed.
        case unavailable
        /// The disk is full; the store recovers by itself once there is room.
        case full
        /// The file or its directory cannot be written.
        case readOnly = "read_only"
        /// The file is damaged or is not a store of this program. It is never replaced.
        case corrupt
        /// A newer version of this program made the file.
        case newerSchema = "newer_schema"
        /// An older version of this program made the file, and it is not to be brought up to date here.
        case olderSchema = "older_schema"
        /// Another process has the file open.
        case inUse = "in_use"
        /// Too many operations are waiting.
        case overloaded
        /// The file was moved or deleted while it was open.
        case fileMoved = "file_moved"
        /// Another node has changed what was to be changed; it may be decided again from what there is now.
        case overtaken
        /// This machine's clock and the store's are so far apart that days and lifetimes would be wrong.
        case clockWrong = "clock_wrong"

        /// The meaning, as a clause for clients and operators.
        public var meaning: String {
            switch self {
            case .unavailable: "it does not answer"
            case .full: "its disk is full"
            case .readOnly: "it cannot be written"
            case .corrupt: "it is damaged"
            case .newerSchema: "a newer version of the gateway made it"
            case .olderSchema: "an older version of the gateway made it, and store.migrate is false"
            case .inUse: "another process has it open"
            case .overloaded: "more waits for it than is allowed"
            case .fileMoved: "its file was moved or deleted while the gateway ran"
            case .overtaken: "other nodes change the same things again and again"
            case .clockWrong: "its clock and that of the gateway's machine are more than 5 s apart"
            }
        }
    }

    public let code: Code
    public let detail: String

    public init(code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension StoreFault: CustomStringConvertible {
    public var description: String { "\(code.rawValue): \(detail)" }
}
