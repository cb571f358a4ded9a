package vault

import (
	"container/list"
	"sync"
	"time"
)

// cache holds unwrapped keys, the most recently used, for a limited time.
type cache struct {
	mu    *sync.Mutex
	size  int
	life  time.Duration
	now   func() time.Time
	items map[string]*list.Element
	order *list.List // newest first
}

type cached struct {
	name string
	key  *keyed
	till time.Time
}

func newCache(size int, life time.Duration, now func() time.Time) cache {
	return cache{mu: &sync.Mutex{}, size: size, life: life, now: now, items: map[string]*list.Element{}, order: list.New()}
}

func (c cache) get(name string) *keyed {
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

func (c cache) put(name string, k *keyed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.items[name]; ok {
		c.remove(el)
	}
	c.items[name] = c.order.PushFront(&cached{name: name, key: k, till: c.now().Add(c.life)})
	for c.order.Len() > c.size {
		c.remove(c.order.Back())
	}
}

func (c cache) drop(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.items[name]; ok {
		c.remove(el)
	}
}

func (c cache) remove(el *list.Element) {
	delete(c.items, el.Value.(*cached).name)
	c.order.Remove(el)
}
