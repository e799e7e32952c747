internal import CLibevent
import Glibc

/// The pages of the program's file and of its libraries' files that are mapped for code and constants.
///
/// The kernel maps 64 KiB around each page that is touched, and the start touches all of them: relocation reads the
/// tables of symbols, the Swift runtime the tables of conformances. Serving touches less than half of that.
enum ProgramPages {
    /// Unmaps them, madvise(2) with MADV_DONTNEED. They stay in the page cache, from which they are mapped again when
    /// they are touched, 64 KiB at a time. Any thread.
    ///
    /// Only of segments that nothing was ever written into: what a process has changed is lost with its page. A segment
    /// that can be written to is therefore left alone, with what was relocated in it, and so is an object with
    /// relocations in its code. What a debugger has written is lost too, such as a breakpoint that was set before.
    static func giveBack() {
        // The loader lets no object come or go while it calls.
        _ = unsafe dl_iterate_phdr(
            { info, _, _ in
                if let object = unsafe info?.pointee { unsafe ProgramPages.giveBack(of: object) }
                return 0
            },
            nil
        )
    }

    private static func giveBack(of object: dl_phdr_info) {
        let base = unsafe UInt(object.dlpi_addr)
        let headers = unsafe Array(UnsafeBufferPointer(start: object.dlpi_phdr, count: Int(object.dlpi_phnum)))
        for header in headers where header.p_type == UInt32(PT_DYNAMIC) {
            guard let entry = unsafe UnsafePointer<Elf64_Dyn>(bitPattern: base &+ UInt(header.p_vaddr)) else { return }
            if unsafe hasRelocatedCode(entry) { return }
        }
        let pageMask = UInt(sysconf(Int32(_SC_PAGESIZE))) - 1
        for header in headers
        where header.p_type == UInt32(PT_LOAD) && header.p_flags & UInt32(PF_W) == 0 && header.p_filesz > 0 {
            let start = base &+ UInt(header.p_vaddr)
            // Whole pages, as the loader has mapped them.
            let (first, end) = (start & ~pageMask, (start &+ UInt(header.p_filesz) &+ pageMask) & ~pageMask)
            // A failure leaves them where they are, as where memory is locked.
            _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), Int32(MADV_DONTNEED))
        }
    }

    /// - Parameter first: the first entry of the object's dynamic section, elf(5).
    private static func hasRelocatedCode(_ first: UnsafePointer<Elf64_Dyn>) -> Bool {
        var entry = unsafe first
        while unsafe entry.pointee.d_tag != Int64(DT_NULL) {
            let tag = unsafe entry.pointee.d_tag
            if tag == Int64(DT_TEXTREL) { return true }
            if tag == Int64(DT_FLAGS), unsafe entry.pointee.d_un.d_val & UInt64(DF_TEXTREL) != 0 { return true }
            unsafe entry += 1
        }
        return false
    }
}
