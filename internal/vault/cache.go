package vault

import (
	"container/list"
	"sync"
	"time"
)

// cache holds unwrapped keys, the most recently used, for a limited time.
type cache struct {
	size int
	life time.Duration
	now  func() time.Time

	mu    sync.Mutex
	items map[string]*list.Element
	order *list.List // newest first
	epoch uint64     // counts removals; a key read before one is not kept after it
}

type cached struct {
	name string
	key  *keyed
	till time.Time
}

func newCache(size int, life time.Duration, now func() time.Time) *cache {
	return &cache{size: size, life: life, now: now, items: map[string]*list.Element{}, order: list.New()}
}

func (c *cache) get(name string) *keyed {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.items[name]
	if !ok {
		return nil
	}
	item := el.Value.(*cached)
	if !c.now().Before(item.till) {
		c.remove(el)
		return nil
	}
	c.order.MoveToFront(el)
	return item.key
}

// aging reports whether a key is not held or has less than half its time left.
func (c *cache) aging(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.items[name]
	return !ok || el.Value.(*cached).till.Sub(c.now()) < c.life/2
}

// reading returns the count of removals, to be given to put.
func (c *cache) reading() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// put keeps a key that was read since the count. A removal in between may have been the key's own, so then it is not kept.
func (c *cache) put(name string, k *keyed, since uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != since {
		return
	}
	if el, ok := c.items[name]; ok {
		c.remove(el)
	}
	c.items[name] = c.order.PushFront(&cached{name: name, key: k, till: c.now().Add(c.life)})
	for c.order.Len() > c.size {
		c.remove(c.order.Back())
	}
}

func (c *cache) drop(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, name := range names {
		if el, ok := c.items[name]; ok {
			c.remove(el)
		}
	}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for c.order.Len() > 0 {
		c.remove(c.order.Back())
	}
}

func (c *cache) remove(el *list.Element) {
	item := el.Value.(*cached)
	item.key.zero()
	delete(c.items, item.name)
	c.order.Remove(el)
}
