/// A part of a spec that no host in scope has, even when empty.
package struct Excess: Hashable, Sendable {
    package enum Part: String, CaseIterable, Sendable {
        case vcpu, memory, disk, bandwidth, gpuModel, gpuCount
        /// Some host has each part, none has all of them.
        case together
    }

    package var part: Part
    /// A sentence for a person, with the most there is.
    package var detail: String

    package init(_ part: Part, detail: String) {
        self.part = part
        self.detail = detail
    }
}
