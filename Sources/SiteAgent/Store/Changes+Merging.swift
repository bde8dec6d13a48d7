extension Changes {
    /// Adds what a later step changed, where this one could not be written yet.
    mutating func merge(_ later: Changes) {
        sites.merge(later.sites) { _, new in new }
        instances.merge(later.instances) { old, new in
            var new = new
            new.isNew = new.isNew || old.isNew
            return new
        }
        for instance in later.forgotten { instances[instance] = nil }
        forgotten.subtract(later.instances.keys)
        forgotten.formUnion(later.forgotten)
        observed += later.observed
        acknowledged.formUnion(later.acknowledged)
        cuts.merge(later.cuts) { _, new in new }
        renumbered.merge(later.renumbered) { _, new in new }
        clockOffset = later.clockOffset ?? clockOffset
    }
}
